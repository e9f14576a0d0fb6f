// Backups, restores and checkpoints: what is in them, what damage is noticed, and what is never touched.

#include "quipu/backup.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/filesystem.hpp>
#include <chrono>
#include <cmath>
#include <map>
#include <thread>

#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "tests/support/child_process.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;
using StorePtr = std::shared_ptr<RocksDBKVStore>;
using Tree = std::map<std::string, std::string>;

Json number(int n) { return Json::from_canonical("{\"n\": " + std::to_string(n) + "}"); }

// Every file, folder and link below a directory with what is in it.
Tree tree_of(const std::string& path) {
  Tree tree;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    const fs::file_type type = fs::symlink_status(entry.path()).type();
    tree[fs::relative(entry.path().parent_path(), path).string() + "/" + entry.path().filename().string()] =
        type == fs::regular_file ? read_file(entry.path().string())
                                 : (type == fs::directory_file ? "folder" : "other");
  }
  return tree;
}

uint64_t bytes_of(const std::string& path) {
  uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (fs::is_regular_file(entry.path())) bytes += fs::file_size(entry.path());
  }
  return bytes;
}

// Both run until they are killed. The directories are beside the database.
int back_up_for_ever(const std::string& path, int) {
  while (create_backup(path, path + "-backups")) {
  }
  return 1;
}
int restore_for_ever(const std::string& path, int) {
  RestoreOptions options;
  options.replace = true;
  for (uint32_t n = 0;; ++n) {
    options.backup = 1 + n % 2;
    if (!restore_backup(path + "-backups", path, options)) return 1;
  }
}
const ChildWork kBackUp("back_up_for_ever", back_up_for_ever);
const ChildWork kRestore("restore_for_ever", restore_for_ever);

int kill_rounds() { return test_scale("QUIPU_CRASH_CYCLES", 24) / 3; }

class BackupTest : public ::testing::Test {
 protected:
  StorePtr open(const std::string& path) const {
    auto store = RocksDBKVStore::open(path);
    EXPECT_TRUE(store) << store.error().to_string();
    return store.value_or(nullptr);
  }
  // `count` entries of which each says `what`, closed.
  void write(int what, int count = 50) const {
    const StorePtr store = open(path_);
    for (int i = 0; i < count; ++i) ASSERT_TRUE(store->put("k" + std::to_string(i), number(what)).is_ok());
    ASSERT_TRUE(store->close().is_ok());
  }
  BackupInfo backed_up() const {
    const auto made = create_backup(path_, backups_);
    EXPECT_TRUE(made) << made.error().to_string();
    return made.value_or(BackupInfo());
  }
  // What all entries of a sound database say; -1 when they do not agree.
  int said_by(const std::string& path) const {
    const StorePtr store = open(path);
    if (!store) return -1;
    std::string faults;
    EXPECT_TRUE(store->verify([&](const Fault& fault) { faults += fault.message + "\n"; }).is_ok());
    EXPECT_EQ(faults, "");
    int said = -1;
    const std::vector<KVEntry> entries = *store->get_all();
    for (const KVEntry& entry : entries) {
      const int n = static_cast<int>(*entry.val.view().find("n")->number());
      if (said != -1 && n != said) return -1;
      said = n;
    }
    return said;
  }
  // Refused, and nothing at all has changed in the test's directory.
  void expect_refused(StatusCode code, const std::string& text, const std::string& target,
                      const RestoreOptions& options = {}) const {
    const Tree before = tree_of(directory_.path());
    const auto restored = restore_backup(backups_, target, options);
    ASSERT_FALSE(restored) << target;
    EXPECT_EQ(restored.error().code(), code) << restored.error().to_string();
    EXPECT_NE(restored.error().message().find(text), std::string::npos) << restored.error().message();
    EXPECT_EQ(tree_of(directory_.path()), before);
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
  const std::string backups_ = directory_ / "db-backups";
  const std::string target_ = directory_ / "target";
};

TEST_F(BackupTest, EachIsRestored) {
  write(1);
  EXPECT_EQ(backed_up().id, 1u);
  write(2);
  EXPECT_EQ(backed_up().id, 2u);
  const std::vector<BackupInfo> infos = *list_backups(backups_);
  ASSERT_EQ(infos.size(), 2u);
  EXPECT_TRUE(infos[0].state.is_ok() && infos[1].state.is_ok());
  EXPECT_GE(infos[1].created, infos[0].created);
  EXPECT_TRUE(verify_backup(backups_, 1).is_ok());
  EXPECT_EQ(verify_backup(backups_, 3).code(), StatusCode::kNotFound);
  const auto newest = restore_backup(backups_, target_);
  ASSERT_TRUE(newest) << newest.error().to_string();
  EXPECT_EQ(newest->backup.id, 2u);
  EXPECT_EQ(said_by(target_), 2);
  RestoreOptions first;
  first.backup = 1;
  first.replace = true;
  first.dry_run = true;
  EXPECT_TRUE(restore_backup(backups_, target_, first));
  EXPECT_EQ(said_by(target_), 2);
  first.dry_run = false;
  EXPECT_TRUE(restore_backup(backups_, target_, first));
  EXPECT_EQ(said_by(target_), 1);
  fs::create_directory(directory_ / "empty");
  EXPECT_TRUE(restore_backup(backups_, directory_ / "empty"));
  EXPECT_EQ(said_by(directory_ / "empty"), 2);
}

TEST_F(BackupTest, IsChosenByTime) {
  write(1);
  const int64_t created = backed_up().created;
  RestoreOptions options;
  options.before = created;
  expect_refused(StatusCode::kNotFound, "before", target_, options);
  options.before = created + 1;
  EXPECT_EQ(restore_backup(backups_, target_, options)->backup.id, 1u);
  options.backup = 1;
  expect_refused(StatusCode::kInvalidArgument, "by a time", directory_ / "other", options);
}

TEST_F(BackupTest, AChangeOfOnePerCentAddsFewBytes) {
  Random random(test_seed());
  const auto text = [&] {
    std::string letters;
    for (int i = 0; i < 1000; ++i) letters += static_cast<char>('a' + random.below(26));
    return Json::from_canonical("{\"text\": \"" + letters + "\"}");
  };
  const StorePtr store = open(path_);
  constexpr int kCount = 20'000;
  for (int i = 0; i < kCount; ++i) ASSERT_TRUE(store->put(std::to_string(i), text()).is_ok());
  ASSERT_TRUE(store->flush().is_ok());
  const BackupInfo full = backed_up();
  for (int i = 0; i < kCount / 100; ++i) {
    ASSERT_TRUE(store->put(std::to_string(random.below(kCount)), text()).is_ok());
  }
  ASSERT_TRUE(store->flush().is_ok());
  const uint64_t before = bytes_of(backups_);
  const BackupInfo change = backed_up();
  const uint64_t added = bytes_of(backups_) - before;
  EXPECT_GT(full.new_bytes, 10'000'000u);
  EXPECT_EQ(change.new_bytes + read_file(backups_ + "/records/2").size(), added);
  EXPECT_LE(added * 100, full.new_bytes * 5) << added << " of " << full.new_bytes;
  EXPECT_GE(change.bytes, full.bytes);
}

TEST_F(BackupTest, NoDamageIsRestored) {
  write(1);
  backed_up();
  {
    const StorePtr store = open(path_);  // so that a log is in the second
    ASSERT_TRUE(store->put("k0", number(1)).is_ok());
    backed_up();
  }
  write(3);
  ASSERT_TRUE(create_checkpoint(path_, target_).is_ok());
  RestoreOptions replace;
  replace.replace = true;
  Random random(test_seed());
  const Tree sound = tree_of(backups_);
  int damaged = 0;
  for (const auto& [name, content] : sound) {
    if (content == "folder" || name == "./LOCK") continue;
    const std::string path = backups_ + "/" + name;
    const bool of_first = name.ends_with("/1") || name.find("/1/") != std::string::npos;
    replace.backup = of_first ? 1 : 2;
    const auto refused = [&, &name = name](const std::string& how) {
      ++damaged;
      const auto restored = restore_backup(backups_, target_, replace);
      EXPECT_FALSE(restored) << name << " " << how;
      EXPECT_FALSE(verify_backup(backups_, *replace.backup).is_ok()) << name << " " << how;
    };
    // Every byte of the lists and records; a few of what is longer.
    const size_t step = content.size() < 1000 ? 1 : content.size() / 3;
    for (size_t at = 0; at < content.size(); at += step) {
      std::string flipped = content;
      flipped[at] ^= static_cast<char>(1 << random.below(8));
      write_file(path, flipped);
      refused("flipped at " + std::to_string(at));
    }
    if (!content.empty()) {
      write_file(path, content.substr(0, random.below(content.size())));
      refused("truncated");
    }
    fs::remove(path);
    refused("removed");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    refused("a FIFO");
    fs::remove(path);
    write_file(path, content);
  }
  EXPECT_GT(damaged, 500);
  EXPECT_EQ(said_by(target_), 3);
  EXPECT_TRUE(restore_backup(backups_, target_, replace)) << "the damage was not repaired";
}

TEST_F(BackupTest, ALostNewestIsNotPassedOver) {
  write(1);
  backed_up();
  write(2);
  backed_up();
  fs::remove(backups_ + "/records/2");
  expect_refused(StatusCode::kCorruption, "not finished", target_);
  RestoreOptions first;
  first.backup = 1;
  EXPECT_TRUE(restore_backup(backups_, target_, first));
  EXPECT_EQ(backed_up().id, 2u);  // in its place
  write_file(backups_ + "/records/1", "damaged");
  const Tree before = tree_of(backups_);
  const auto refused = create_backup(path_, backups_);
  EXPECT_EQ(refused.error().code(), StatusCode::kCorruption);
  EXPECT_NE(refused.error().message().find("records/1"), std::string::npos) << refused.error().message();
  EXPECT_EQ(tree_of(backups_), before);
}

TEST_F(BackupTest, WhoLosesAllRecordsLosesNoBackup) {
  for (const int what : {1, 2}) {
    write(what);
    backed_up();
  }
  fs::rename(backups_ + "/records", directory_ / "records");
  EXPECT_EQ(create_backup(path_, backups_).error().code(), StatusCode::kCorruption);
  EXPECT_EQ(prune_backups(backups_, 1).error().code(), StatusCode::kCorruption);
  fs::remove(backups_ + "/records");
  fs::rename(directory_ / "records", backups_ + "/records");
  for (const uint32_t id : {1, 2}) EXPECT_TRUE(verify_backup(backups_, id).is_ok()) << id;
}

TEST_F(BackupTest, AFolderThatCannotBeListedIsNotTakenForEmpty) {
  write(1);
  backed_up();
  fs::rename(backups_ + "/records", directory_ / "records");
  write_file(backups_ + "/records", "no folder");
  const auto listed = list_backups(backups_);
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().code(), StatusCode::kIoError) << listed.error().to_string();
  EXPECT_NE(listed.error().message().find("/records"), std::string::npos) << listed.error().message();
  EXPECT_FALSE(create_backup(path_, backups_));
  fs::remove(backups_ + "/records");
  fs::rename(directory_ / "records", backups_ + "/records");
  EXPECT_TRUE(verify_backup(backups_, 1).is_ok());
}

// Nothing vouches for the list of a backup without its record; RocksDB would end the process over it.
TEST_F(BackupTest, ADamagedListWithoutARecordIsNeverRead) {
  write(1);
  backed_up();
  write(2);
  backed_up();
  Random random(test_seed());
  const std::string meta = backups_ + "/meta/2";
  const std::string whole = read_file(meta);
  for (const std::string& record : {std::string(), std::string("damaged")}) {
    fs::remove(backups_ + "/records/2");
    if (!record.empty()) write_file(backups_ + "/records/2", record);
    for (int i = 0; i < 40; ++i) {
      std::string bytes = whole;
      if (i % 2 == 0) bytes.resize(random.below(bytes.size()));
      if (i % 2 == 1) bytes[random.below(bytes.size())] ^= 0x55;
      write_file(meta, bytes);
      const auto infos = list_backups(backups_);
      ASSERT_TRUE(infos) << infos.error().to_string();
      ASSERT_EQ(infos->size(), 2u);
      EXPECT_TRUE((*infos)[0].state.is_ok()) << (*infos)[0].state.to_string();
      EXPECT_EQ((*infos)[1].state.code(), StatusCode::kCorruption);
      EXPECT_TRUE(verify_backup(backups_, 1).is_ok());
      EXPECT_EQ(verify_backup(backups_, 2).code(), StatusCode::kCorruption);
    }
  }
  fs::remove(backups_ + "/records/2");  // the next backup takes its place
  write(3);
  EXPECT_EQ(backed_up().id, 2u);
  ASSERT_TRUE(restore_backup(backups_, target_));
  EXPECT_EQ(said_by(target_), 3);
}

TEST_F(BackupTest, PruningKeepsTheNewestWhole) {
  write(1, 3000);
  for (const int what : {2, 3, 4}) {
    write(what, 3000);
    backed_up();
  }
  EXPECT_EQ(prune_backups(backups_, 0).error().code(), StatusCode::kInvalidArgument);
  const uint64_t before = bytes_of(backups_);
  const auto pruned = prune_backups(backups_, 1);
  ASSERT_TRUE(pruned) << pruned.error().to_string();
  ASSERT_EQ(pruned->size(), 2u);
  EXPECT_EQ((*pruned)[0].id, 1u);
  EXPECT_EQ((*pruned)[1].id, 2u);
  EXPECT_LT(bytes_of(backups_), before);
  const auto left = *list_backups(backups_);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].id, 3u);
  ASSERT_TRUE(restore_backup(backups_, target_));
  EXPECT_EQ(said_by(target_), 4);
  write(5);
  EXPECT_EQ(backed_up().id, 4u);
}

// As a process leaves it that dies between the steps.
TEST_F(BackupTest, AnInterruptedPruningIsCompleted) {
  for (const int what : {1, 2, 3}) {
    write(what);
    backed_up();
  }
  fs::rename(backups_ + "/records/1", backups_ + "/records/1.removing");
  fs::rename(backups_ + "/records/2", backups_ + "/records/2.removing");
  fs::remove(backups_ + "/meta/2");
  const auto left = *list_backups(backups_);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].id, 3u);
  EXPECT_TRUE(restore_backup(backups_, target_));
  EXPECT_EQ(said_by(target_), 3);
  write(4);
  EXPECT_EQ(backed_up().id, 4u);
  for (const char* name : {"records/1.removing", "records/2.removing", "meta/1", "private/1", "private/2"}) {
    EXPECT_FALSE(fs::exists(backups_ + "/" + name)) << name;
  }
}

TEST_F(BackupTest, PlacesThatAreRefused) {
  write(1);
  backed_up();
  RestoreOptions replace;
  replace.replace = true;
  fs::create_directory(target_);
  write_file(target_ + "/mine.txt", "mine");
  expect_refused(StatusCode::kAlreadyExists, "not empty", target_);
  expect_refused(StatusCode::kAlreadyExists, "not empty", path_);
  expect_refused(StatusCode::kInvalidArgument, "apart", backups_, replace);
  expect_refused(StatusCode::kInvalidArgument, "apart", backups_ + "/new", replace);
  expect_refused(StatusCode::kInvalidArgument, "apart", backups_ + "/../db-backups/", replace);
  expect_refused(StatusCode::kInvalidArgument, "apart", directory_.path(), replace);
  fs::create_symlink(target_, directory_ / "link");
  fs::create_symlink(directory_ / "nowhere", directory_ / "dangling");
  fs::create_symlink(backups_, directory_ / "to-backups");
  for (const char* link : {"link", "link/", "dangling"}) {
    expect_refused(StatusCode::kInvalidArgument, "link", directory_ / link, replace);
  }
  expect_refused(StatusCode::kInvalidArgument, "apart", directory_ / "to-backups/new", replace);
  write_file(directory_ / "file", "a file");
  expect_refused(StatusCode::kInvalidArgument, "not a directory", directory_ / "file", replace);
  for (const char* name : {"", ".", "..", "/"}) {
    EXPECT_EQ(restore_backup(backups_, name, replace).error().code(), StatusCode::kInvalidArgument);
  }
  expect_refused(StatusCode::kIoError, "no such directory", directory_ / "a/b");
  const StorePtr held = open(path_);
  const auto busy = restore_backup(backups_, path_, replace);
  EXPECT_EQ(busy.error().code(), StatusCode::kBusy);
  EXPECT_EQ(create_backup(path_, path_ + "/backups").error().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(create_backup(path_, target_).error().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(create_backup(target_, backups_).error().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(create_checkpoint(path_, path_).code(), StatusCode::kBusy);
  EXPECT_EQ(create_checkpoint(path_, path_ + "/rocksdb/copy").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(create_checkpoint(path_, target_).code(), StatusCode::kAlreadyExists);
}

TEST_F(BackupTest, AReplacedDatabaseLosesNoForeignFile) {
  write(1);
  backed_up();
  write(2);
  write_file(path_ + "/docstore.json", "mine");
  fs::create_directory(path_ + "/folder");
  write_file(path_ + "/folder/000007.sst", "mine");
  fs::create_symlink("nowhere", path_ + "/link");
  RestoreOptions replace;
  replace.replace = true;
  EXPECT_EQ(restore_backup(backups_, path_, replace)->kept_aside, "");
  EXPECT_EQ(said_by(path_), 1);
  EXPECT_EQ(read_file(path_ + "/docstore.json"), "mine");
  EXPECT_EQ(read_file(path_ + "/folder/000007.sst"), "mine");
  EXPECT_TRUE(fs::is_symlink(path_ + "/link"));
  // What lies where the database's own files belong is left where it can be found.
  write_file(path_ + "/rocksdb/notes.txt", "mine");
  fs::create_symlink("../notes.txt", path_ + "/rocksdb/999999.sst");
  const std::string aside = restore_backup(backups_, path_, replace)->kept_aside;
  EXPECT_EQ(said_by(path_), 1);
  EXPECT_EQ(read_file(aside + "/rocksdb/notes.txt"), "mine");
  EXPECT_EQ(tree_of(aside).size(), 3u);
  // And a directory of something else.
  fs::create_directories(target_ + "/rocksdb");
  write_file(target_ + "/rocksdb/CURRENT", "of another program");
  write_file(target_ + "/other.txt", "mine");
  const std::string other = restore_backup(backups_, target_, replace)->kept_aside;
  EXPECT_EQ(said_by(target_), 1);
  EXPECT_EQ(read_file(target_ + "/other.txt"), "mine");
  EXPECT_EQ(read_file(other + "/rocksdb/CURRENT"), "of another program");
}

TEST_F(BackupTest, KilledBackupsLeaveTheFinishedOnes) {
  Random random(test_seed());
  write(1);
  for (int round = 0; round < kill_rounds(); ++round) {
    const pid_t child = start_child("back_up_for_ever", path_, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(250)));
    kill_child(child);
    if (!fs::exists(backups_ + "/QUIPU-BACKUPS")) continue;
    const std::vector<BackupInfo> infos = *list_backups(backups_);
    for (size_t i = 0; i < infos.size(); ++i) {
      const bool last = i + 1 == infos.size();
      EXPECT_TRUE(infos[i].state.is_ok() || last) << infos[i].state.to_string();
      EXPECT_TRUE(last || verify_backup(backups_, infos[i].id).is_ok());
    }
    backed_up();
    const std::vector<BackupInfo> now = *list_backups(backups_);
    for (const BackupInfo& info : now) EXPECT_TRUE(info.state.is_ok()) << info.state.to_string();
    EXPECT_TRUE(prune_backups(backups_, 3));
  }
  backed_up();  // where the machine is slow, no child may have come to its first
  EXPECT_TRUE(restore_backup(backups_, target_));
  EXPECT_EQ(said_by(target_), 1);
  EXPECT_EQ(said_by(path_), 1);
}

TEST_F(BackupTest, KilledRestoresLeaveTheOldOrTheNew) {
  Random random(test_seed());
  write(1);
  backed_up();
  write(2);
  backed_up();
  write_file(path_ + "/mine.txt", "mine");
  for (int round = 0; round < kill_rounds(); ++round) {
    const pid_t child = start_child("restore_for_ever", path_, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(300)));
    kill_child(child);
    const int said = said_by(path_);
    EXPECT_TRUE(said == 1 || said == 2) << said;
    int kept = 0;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      kept += fs::exists(entry.path() / "mine.txt") ? 1 : 0;
    }
    EXPECT_EQ(kept, 1);
    if (!fs::exists(path_ + "/mine.txt")) write_file(path_ + "/mine.txt", "mine");
    RestoreOptions replace;
    replace.replace = true;
    EXPECT_TRUE(restore_backup(backups_, path_, replace));
    EXPECT_EQ(said_by(path_), 2);
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      const std::string name = entry.path().filename().string();
      if (name.find(".making-") == std::string::npos) continue;
      for (const auto& [left, content] : tree_of(entry.path().string())) EXPECT_EQ(left, "./mine.txt");
      fs::remove_all(entry.path());
    }
  }
}

TEST_F(BackupTest, HasAllThatWasAcknowledgedBefore) {
  const StorePtr store = open(path_);
  std::atomic<int> acknowledged{-1};
  std::atomic<int> allowed{500};
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      while (i >= allowed && !stop) std::this_thread::yield();
      WriteBatch batch;
      batch.put("a", std::to_string(i), number(i));
      batch.put("b", std::to_string(i), number(i));
      if (!store->write(batch).is_ok()) return;
      acknowledged = i;
    }
  });
  for (int round = 0; round < 8; ++round) {
    const int before = acknowledged;
    allowed += 500;
    if (round % 2 == 0) {
      backed_up();
      RestoreOptions replace;
      replace.replace = true;
      ASSERT_TRUE(restore_backup(backups_, target_, replace));
    } else {
      fs::remove_all(target_);
      ASSERT_TRUE(create_checkpoint(path_, target_).is_ok());
    }
    const StorePtr copy = open(target_);
    EXPECT_GE(*copy->count("a"), static_cast<uint64_t>(before + 1));
    EXPECT_EQ(*copy->count("a"), *copy->count("b"));
    std::string faults;
    EXPECT_TRUE(copy->verify([&](const Fault& fault) { faults += fault.message; }).is_ok());
    EXPECT_EQ(faults, "");
  }
  stop = true;
  writer.join();
  EXPECT_GT(acknowledged, 500);
}

TEST_F(BackupTest, CheckpointsShareFilesButNothingElse) {
  write(1, 2000);
  ASSERT_TRUE(create_checkpoint(path_, target_).is_ok());
  int shared = 0;
  for (const auto& entry : fs::directory_iterator(path_ + "/rocksdb")) {
    if (entry.path().extension() == ".sst") shared += fs::hard_link_count(entry.path()) == 2 ? 1 : 0;
  }
  EXPECT_GT(shared, 0);
  write(2, 2000);
  EXPECT_TRUE(open(path_)->compact().is_ok());
  EXPECT_EQ(said_by(target_), 1);
  fs::remove_all(target_);
  EXPECT_EQ(said_by(path_), 2);
}

TEST_F(BackupTest, SearchGraphsComeAlong) {
  {
    const StorePtr store = open(path_);
    KVVectorStore vectors(store);
    std::vector<std::shared_ptr<const BaseNode>> nodes;
    for (int i = 0; i < 40; ++i) {
      TextNodeBuilder builder;
      builder.id("n" + std::to_string(i)).text("text");
      builder.embedding(std::vector<double>{std::cos(i * 0.1), std::sin(i * 0.1)});
      nodes.push_back(*builder.build());
    }
    ASSERT_TRUE(vectors.add(nodes));
    ASSERT_TRUE(vectors.use_hnsw({}).is_ok());
  }
  const std::string name = fs::directory_iterator(path_ + "/indexes")->path().filename().string();
  const std::string graph = read_file(path_ + "/indexes/" + name);
  EXPECT_GT(backed_up().bytes, graph.size());
  EXPECT_LT(backed_up().new_bytes, graph.size());  // it is shared
  ASSERT_TRUE(prune_backups(backups_, 1));         // and stays when the backup goes that brought it
  ASSERT_TRUE(restore_backup(backups_, target_));
  EXPECT_EQ(read_file(target_ + "/indexes/" + name), graph);
  ASSERT_TRUE(create_checkpoint(path_, directory_ / "checkpoint").is_ok());
  EXPECT_EQ(read_file(directory_ / ("checkpoint/indexes/" + name)), graph);
  // One whose graph is damaged is not restored.
  const std::string stored = fs::directory_iterator(backups_ + "/indexes")->path().string();
  std::string flipped = read_file(stored);
  flipped[flipped.size() / 2] ^= 1;
  write_file(stored, flipped);
  const auto refused = restore_backup(backups_, directory_ / "other");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), StatusCode::kCorruption);
  EXPECT_NE(refused.error().message().find(stored + " is damaged"), std::string::npos)
      << refused.error().to_string();
  EXPECT_FALSE(verify_backup(backups_, 2).is_ok());
  EXPECT_FALSE(fs::exists(directory_ / "other"));
}

TEST_F(BackupTest, OneAtATime) {
  write(1);
  backed_up();
  const int lock = ::open((backups_ + "/LOCK").c_str(), O_RDWR);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  EXPECT_EQ(create_backup(path_, backups_).error().code(), StatusCode::kBusy);
  EXPECT_TRUE(verify_backup(backups_, 1).is_ok());
  EXPECT_TRUE(restore_backup(backups_, target_));
  ::close(lock);
  EXPECT_EQ(backed_up().id, 2u);
}

}  // namespace
}  // namespace quipu::testing
