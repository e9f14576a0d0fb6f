// What a RocksDBKVStore finds when it opens: crashes, lost logs, other holders, directories that are not its
// own.

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "backends/rocksdb/files/rocksdb_version.h"
#include "quipu/backend/features.h"
#include "quipu/bulk_load.h"
#include "quipu/rocksdb_kv_store.h"
#include "tests/support/child_process.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;

Json value(int n) { return Json::from_canonical("{\"n\": " + std::to_string(n) + "}"); }

// What a child process does with the store at `path`; its exit status, unless it exits with the store open.
// `number` is what each makes of it.
int write_keys(const std::string& path, int number) {
  RocksDBOptions options;
  options.sync = number % 2 == 1;
  const auto store = RocksDBKVStore::open(path, options);
  if (!store) return 1;
  for (int i = 0; i < number; ++i) {
    if (!(*store)->put("k" + std::to_string(i), value(i)).is_ok()) return 2;
  }
  ::_exit(0);  // closes nothing
}

// A new value for a key that is there takes one sequence number of RocksDB, the least that a write can.
int overwrite_one_key(const std::string& path, int number) {
  const auto store = RocksDBKVStore::open(path);
  if (!store) return 1;
  for (int i = 0; i < number; ++i) {
    if (!(*store)->put("k", value(i)).is_ok()) return 2;
  }
  ::_exit(0);
}

int open_only(const std::string& path, int) { return RocksDBKVStore::open(path) ? 0 : 1; }

// Tells of every write through standard input, which is a socket.
int write_for_ever(const std::string& path, int number) {
  const auto store = RocksDBKVStore::open(path);
  if (!store) return 1;
  for (int i = number;; ++i) {
    WriteBatch batch;
    batch.put("a", std::to_string(i), value(i));
    batch.put("b" + std::to_string(i / 50), std::to_string(i), value(i));
    if (!(*store)->write(batch).is_ok() || ::write(STDIN_FILENO, "x", 1) != 1) return 2;
  }
}

int load_in_bulk(const std::string& path, int families, bool commit) {
  RocksDBOptions options;
  options.max_collection_families = families;
  const auto store = RocksDBKVStore::open(path, options);
  if (!store) return 1;
  const auto load = (*store)->bulk_load();
  if (!load) return 2;
  for (int c = 0; c < 3; ++c) {
    if (!(*load)->begin_collection("c" + std::to_string(c), {"", "hash"}).is_ok()) return 3;
    for (int i = 0; i < 100; ++i) {
      if (!(*load)->put("k" + std::to_string(i), Json::from_canonical("{\"hash\": \"h\"}")).is_ok()) return 4;
    }
  }
  if (commit && !(*load)->commit().is_ok()) return 5;
  ::_exit(0);
}
int load_without_commit(const std::string& path, int families) { return load_in_bulk(path, families, false); }
int load_and_commit(const std::string& path, int families) { return load_in_bulk(path, families, true); }

const ChildWork kWriteKeys("write_keys", write_keys);
const ChildWork kOverwriteOneKey("overwrite_one_key", overwrite_one_key);
const ChildWork kOpenOnly("open_only", open_only);
const ChildWork kWriteForEver("write_for_ever", write_for_ever);
const ChildWork kLoadWithoutCommit("load_without_commit", load_without_commit);
const ChildWork kLoadAndCommit("load_and_commit", load_and_commit);

class RocksDBRecoveryTest : public ::testing::Test {
 protected:
  // A child writes `count` keys, synced when that is odd, and dies.
  void crash_after(int count) { ASSERT_EQ(wait_for(start_child("write_keys", path_, count)), 0); }
  void remove_logs() const {
    for (const auto& entry : fs::directory_iterator(path_ + "/rocksdb")) {
      if (entry.path().extension() == ".log") fs::remove(entry.path());
    }
  }
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(path_)) names.insert(entry.path().string());
    return names;
  }
  static std::string faults(const RocksDBKVStore& store) {
    std::string all;
    EXPECT_TRUE(store.verify([&](const Fault& fault) { all += fault.message + "\n"; }).is_ok());
    return all;
  }
  Status open_status(const RocksDBOptions& options = {}) const {
    return RocksDBKVStore::open(path_, options).status();
  }
  // Refused with `code`, and nothing in the directory has changed.
  void expect_refused(StatusCode code, const std::string& text) const {
    const std::set<std::string> before = files();
    const Status status = open_status();
    EXPECT_EQ(status.code(), code) << status.to_string();
    EXPECT_NE(status.message().find(text), std::string::npos) << status.message();
    EXPECT_NE(status.message().find(path_), std::string::npos) << status.message();
    EXPECT_EQ(files(), before);
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
};

TEST_F(RocksDBRecoveryTest, AcknowledgedWritesSurviveACrash) {
  crash_after(500);
  std::string messages;
  RocksDBOptions options;
  options.logger = [&](std::string_view message) { messages += std::string(message) + "\n"; };
  const auto store = RocksDBKVStore::open(path_, options);
  ASSERT_TRUE(store) << store.error().to_string();
  EXPECT_EQ(*(*store)->count(), 500u);
  EXPECT_EQ((*(*store)->get("k499"))->text(), "{\"n\": 499}");
  EXPECT_NE(messages.find("recovered"), std::string::npos) << messages;
}

TEST_F(RocksDBRecoveryTest, ALostLogIsNoticed) {
  for (const int count : {100, 101}) {
    crash_after(count);
    remove_logs();
    const Status refused = open_status();
    EXPECT_EQ(refused.code(), StatusCode::kCorruption) << refused.to_string();
    EXPECT_NE(refused.message().find("accept_lost_writes"), std::string::npos) << refused.message();
    EXPECT_EQ(open_status().code(), StatusCode::kCorruption);  // and again
    RocksDBOptions accept;
    accept.accept_lost_writes = true;
    EXPECT_TRUE(open_status(accept).is_ok());
    EXPECT_TRUE(open_status().is_ok());
  }
}

TEST_F(RocksDBRecoveryTest, ATruncatedLogIsNoticed) {
  crash_after(100);
  for (const auto& entry : fs::directory_iterator(path_ + "/rocksdb")) {
    if (entry.path().extension() != ".log" || fs::file_size(entry.path()) < 100) continue;
    fs::resize_file(entry.path(), fs::file_size(entry.path()) / 2);
  }
  EXPECT_EQ(open_status().code(), StatusCode::kCorruption);
}

TEST_F(RocksDBRecoveryTest, ThatOnlyTheNewestWriteIsLostIsNoticed) {
  ASSERT_EQ(wait_for(start_child("overwrite_one_key", path_, 10)), 0);
  for (const auto& entry : fs::directory_iterator(path_ + "/rocksdb")) {
    if (entry.path().extension() != ".log" || fs::file_size(entry.path()) == 0) continue;
    fs::resize_file(entry.path(), fs::file_size(entry.path()) - 1);
  }
  EXPECT_EQ(open_status().code(), StatusCode::kCorruption);
  RocksDBOptions accept;
  accept.accept_lost_writes = true;
  const auto store = RocksDBKVStore::open(path_, accept);
  ASSERT_TRUE(store) << store.error().to_string();
  EXPECT_EQ((*(*store)->get("k"))->text(), value(8).text());
}

TEST_F(RocksDBRecoveryTest, ACleanlyClosedStoreNeedsNoLog) {
  {
    const auto store = *RocksDBKVStore::open(path_);
    ASSERT_TRUE(store->put("k", value(1)).is_ok());
    ASSERT_TRUE(store->close().is_ok());
  }
  remove_logs();
  const auto store = RocksDBKVStore::open(path_);
  ASSERT_TRUE(store) << store.error().to_string();
  EXPECT_TRUE((*store)->get("k")->has_value());
}

TEST_F(RocksDBRecoveryTest, ALostSessionOrDatabaseIsNoticed) {
  crash_after(10);
  fs::remove(path_ + "/SESSION");
  EXPECT_EQ(open_status().code(), StatusCode::kCorruption);
  RocksDBOptions accept;
  accept.accept_lost_writes = true;
  {
    const auto store = RocksDBKVStore::open(path_, accept);
    ASSERT_TRUE(store) << store.error().to_string();
    EXPECT_EQ(*(*store)->count(), 10u);
  }
  fs::remove_all(path_ + "/rocksdb");
  EXPECT_EQ(open_status().code(), StatusCode::kCorruption);
}

TEST_F(RocksDBRecoveryTest, TablesWithoutTheirManifestAreNotTakenForANewDatabase) {
  {
    const auto store = *RocksDBKVStore::open(path_);
    ASSERT_TRUE(store->put("k", value(1)).is_ok());
    ASSERT_TRUE(store->close().is_ok());
  }
  RocksDBOptions accept;
  accept.accept_lost_writes = true;
  const std::string aside = directory_ / "aside";
  for (const bool manifest : {false, true}) {
    const std::string current = read_file(path_ + "/rocksdb/CURRENT");
    const std::string name = manifest ? current.substr(0, current.find('\n')) : "CURRENT";
    fs::rename(path_ + "/rocksdb/" + name, aside);
    expect_refused(StatusCode::kCorruption, "CURRENT");
    EXPECT_EQ(open_status(accept).code(), StatusCode::kCorruption);
    fs::rename(aside, path_ + "/rocksdb/" + name);
    const auto store = RocksDBKVStore::open(path_);
    ASSERT_TRUE(store) << store.error().to_string();
    EXPECT_TRUE((*store)->get("k")->has_value());
    ASSERT_TRUE((*store)->close().is_ok());
  }
}

TEST_F(RocksDBRecoveryTest, ACrashWhileTheDirectoryIsMadeLeavesItUsable) {
  Random random(test_seed());
  for (int round = 0; round < 20; ++round) {
    const std::string path = directory_ / ("new" + std::to_string(round));
    const pid_t child = start_child("open_only", path, 0);
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(60000)));
    kill_child(child);
    const auto store = RocksDBKVStore::open(path);
    ASSERT_TRUE(store) << round << ": " << store.error().to_string();
    EXPECT_TRUE((*store)->put("k", value(1)).is_ok());
  }
}

TEST_F(RocksDBRecoveryTest, KilledWritersLoseNothingAcknowledged) {
  Random random(test_seed());
  int expected = 0;
  for (int round = 0; round < 10; ++round) {
    const auto [theirs, ours] = socket_pair();
    const pid_t child = start_child("write_for_ever", path_, expected, theirs);
    ::close(theirs);
    char byte = 0;
    ASSERT_EQ(::read(ours, &byte, 1), 1);
    ++expected;
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(40)));
    kill_child(child);
    while (::read(ours, &byte, 1) == 1) ++expected;
    ::close(ours);
    const auto store = RocksDBKVStore::open(path_);
    ASSERT_TRUE(store) << store.error().to_string();
    const int found = static_cast<int>(*(*store)->count("a"));
    EXPECT_GE(found, expected);
    EXPECT_LE(found, expected + 1);  // the one in flight
    expected = found;
    EXPECT_EQ(faults(**store), "");
  }
}

TEST_F(RocksDBRecoveryTest, BulkLoadsAreThereWholeOrNotAtAll) {
  for (const int families : {32, 1, 0}) {
    ASSERT_EQ(wait_for(start_child("load_without_commit", path_, families)), 0);
    {
      const auto store = RocksDBKVStore::open(path_);
      ASSERT_TRUE(store) << store.error().to_string();
      EXPECT_TRUE((*store)->collections()->empty());
      EXPECT_EQ(faults(**store), "");
    }
    ASSERT_EQ(wait_for(start_child("load_and_commit", path_, families)), 0);
    const auto store = RocksDBKVStore::open(path_);
    ASSERT_TRUE(store) << store.error().to_string();
    const std::vector<CollectionInfo> infos = *(*store)->collections();
    ASSERT_EQ(infos.size(), 3u);
    for (const CollectionInfo& info : infos) {
      EXPECT_EQ(info.count, 100u);
      EXPECT_EQ((*store)->field_index().keys_with_value(info.name, "hash", "h")->size(), 100u);
    }
    EXPECT_EQ(faults(**store), "");
    for (const CollectionInfo& info : infos) EXPECT_TRUE(*(*store)->drop_collection(info.name));
  }
}

TEST_F(RocksDBRecoveryTest, AHeldDirectoryNamesItsHolder) {
  const auto [theirs, ours] = socket_pair();
  const pid_t child = start_child("write_for_ever", path_, 0, theirs);
  ::close(theirs);
  char byte = 0;
  ASSERT_EQ(::read(ours, &byte, 1), 1);
  const Status busy = open_status();
  EXPECT_EQ(busy.code(), StatusCode::kBusy);
  EXPECT_NE(busy.message().find(path_), std::string::npos);
  EXPECT_NE(busy.message().find(std::to_string(child)), std::string::npos) << busy.message();
  kill_child(child);
  ::close(ours);
  const auto store = RocksDBKVStore::open(path_);
  ASSERT_TRUE(store) << store.error().to_string();
  EXPECT_EQ(open_status().code(), StatusCode::kBusy);  // from this process too
}

TEST_F(RocksDBRecoveryTest, AForkedChildIsRefused) {
  auto store = *RocksDBKVStore::open(path_);
  ASSERT_TRUE(store->put("k", value(1)).is_ok());
  const auto snapshot = *store->snapshot();
  auto load = *store->bulk_load();
  ASSERT_TRUE(load->begin_collection("loading", {}).is_ok());
  const auto refused = [](const Status& status) { return status.code() == StatusCode::kNotSupported; };
  const auto call_everything = [&] {
    if (!refused(store->put("k", value(2)))) return 1;
    if (!refused(store->get("k").status())) return 2;
    if (!refused(store->scan({}).status())) return 3;
    if (!refused(snapshot->get("k").status())) return 4;
    if (!refused(load->put("k", value(1)))) return 5;
    if (!refused(store->member_lists().members("c", "k").status())) return 6;
    load.reset();
    if (!refused(store->close())) return 7;
    if (open_status().code() != StatusCode::kBusy) return 8;
    store.reset();
    return 0;
  };
  const pid_t child = ::fork();
  if (child == 0) ::_exit(call_everything());
  EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ((*store->get("k"))->text(), "{\"n\": 1}");
  ASSERT_TRUE(load->put("k", value(1)).is_ok());
  ASSERT_TRUE(load->commit().is_ok());
  EXPECT_EQ(*store->count("loading"), 1u);
}

// The pool of the async calls has no threads in the child: to wait for them would be for ever.
TEST_F(RocksDBRecoveryTest, AChildCanLetGoOfAStoreWhosePoolRan) {
  auto store = *RocksDBKVStore::open(path_);
  ASSERT_TRUE(store->aput("k", value(1)).get().is_ok());
  const pid_t child = ::fork();
  if (child == 0) {
    store.reset();
    ::_exit(0);
  }
  EXPECT_EQ(wait_for(child), 0);
  ASSERT_TRUE(store->close().is_ok());
  EXPECT_EQ(store->aget("k").get().error().code(), StatusCode::kInvalidArgument);  // not a crash
}

TEST_F(RocksDBRecoveryTest, AChildThatLivesOnDoesNotKeepTheLock) {
  auto store = *RocksDBKVStore::open(path_);
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  EXPECT_TRUE(store->close().is_ok());
  EXPECT_TRUE(open_status().is_ok());
  kill_child(child);
}

TEST_F(RocksDBRecoveryTest, WhatIsNotOursIsRefusedUntouched) {
  rocksdb::Options options;
  options.create_if_missing = true;
  std::unique_ptr<rocksdb::DB> raw;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  ASSERT_TRUE(
      rocks::open_rocksdb(options, path_, {{rocksdb::kDefaultColumnFamilyName, options}}, handles, raw).ok());
  ASSERT_TRUE(raw->DestroyColumnFamilyHandle(handles[0]).ok());
  raw.reset();
  expect_refused(StatusCode::kInvalidArgument, "not a Quipu directory");

  fs::remove_all(path_);
  fs::create_directory(path_);
  write_file(path_ + "/notes.txt", "mine");
  expect_refused(StatusCode::kInvalidArgument, "notes.txt");

  fs::remove(path_ + "/notes.txt");
  RocksDBOptions existing;
  existing.create_if_missing = false;
  EXPECT_EQ(open_status(existing).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(files().empty());

  fs::remove_all(path_);
  EXPECT_FALSE(open_status(existing).is_ok());
  EXPECT_FALSE(fs::exists(path_));
  write_file(path_, "a file");
  EXPECT_EQ(open_status().code(), StatusCode::kInvalidArgument);
}

TEST_F(RocksDBRecoveryTest, AnotherFormatIsRefusedUntouched) {
  crash_after(10);
  write_file(path_ + "/QUIPU", "quipu format 4\n");
  expect_refused(StatusCode::kInvalidArgument, "format 4");
  for (const char* text :
       {"", "quipu format", "quipu format x\n", "quipu format 1", "quipu format 0\n", "something\n"}) {
    write_file(path_ + "/QUIPU", text);
    expect_refused(StatusCode::kCorruption, "QUIPU");
  }
  write_file(path_ + "/QUIPU", "quipu format 1\n");
  EXPECT_TRUE(open_status().is_ok());
}

TEST_F(RocksDBRecoveryTest, UnknownFamiliesAreRefusedAndLeftoversRemoved) {
  crash_after(10);
  ASSERT_TRUE(open_status().is_ok());
  const auto add_family = [&](const std::string& name) {
    rocksdb::Options options;
    std::vector<std::string> names;
    ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(options, path_ + "/rocksdb", &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& known : names) families.emplace_back(known, options);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    std::unique_ptr<rocksdb::DB> db;
    ASSERT_TRUE(rocks::open_rocksdb(options, path_ + "/rocksdb", families, handles, db).ok());
    rocksdb::ColumnFamilyHandle* made = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily(options, name, &made).ok());
    handles.push_back(made);
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
    }
  };
  add_family("c99:left");
  write_file(path_ + "/tmp/run", "left");
  ASSERT_TRUE(open_status().is_ok());
  EXPECT_FALSE(fs::exists(path_ + "/tmp/run"));
  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, path_ + "/rocksdb", &names).ok());
  EXPECT_EQ(std::count(names.begin(), names.end(), "c99:left"), 0);
  add_family("from_the_future");
  const Status refused = open_status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(refused.message().find("from_the_future"), std::string::npos) << refused.message();
}

}  // namespace
}  // namespace quipu::testing
