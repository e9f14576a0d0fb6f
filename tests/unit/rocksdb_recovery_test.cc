// What a RocksDBKVStore finds when it opens: crashes, lost logs, other holders, directories that are not its
// own.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <functional>
#include <set>
#include <thread>

#include "quipu/bulk_load.h"
#include "quipu/rocksdb_kv_store.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;

Json number(int n) { return Json::from_canonical("{\"n\": " + std::to_string(n) + "}"); }

// Runs `work` in a child that ends without closing anything; its exit status.
int in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class RocksDBRecoveryTest : public ::testing::Test {
 protected:
  // In a child: writes `count` keys and dies.
  void crash_after(int count, bool sync = false) {
    ASSERT_EQ(in_child([&] {
                RocksDBOptions options;
                options.sync = sync;
                const auto store = RocksDBKVStore::open(path_, options);
                if (!store) return 1;
                for (int i = 0; i < count; ++i) {
                  if (!(*store)->put("k" + std::to_string(i), number(i)).is_ok()) return 2;
                }
                return 0;
              }),
              0);
  }
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
  for (const bool sync : {false, true}) {
    crash_after(100, sync);
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

TEST_F(RocksDBRecoveryTest, ACleanlyClosedStoreNeedsNoLog) {
  {
    const auto store = *RocksDBKVStore::open(path_);
    ASSERT_TRUE(store->put("k", number(1)).is_ok());
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

TEST_F(RocksDBRecoveryTest, ACrashWhileTheDirectoryIsMadeLeavesItUsable) {
  Random random(test_seed());
  for (int round = 0; round < 20; ++round) {
    const std::string path = directory_ / ("new" + std::to_string(round));
    const pid_t child = ::fork();
    if (child == 0) {
      const auto store = RocksDBKVStore::open(path);
      ::_exit(store ? 0 : 1);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(30000)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto store = RocksDBKVStore::open(path);
    ASSERT_TRUE(store) << round << ": " << store.error().to_string();
    EXPECT_TRUE((*store)->put("k", number(1)).is_ok());
  }
}

TEST_F(RocksDBRecoveryTest, KilledWritersLoseNothingAcknowledged) {
  Random random(test_seed());
  int expected = 0;
  for (int round = 0; round < 10; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto store = RocksDBKVStore::open(path_);
      if (!store) ::_exit(1);
      for (int i = expected;; ++i) {
        WriteBatch batch;
        batch.put("a", std::to_string(i), number(i));
        batch.put("b" + std::to_string(i / 50), std::to_string(i), number(i));
        if (!(*store)->write(batch).is_ok() || ::write(pipe[1], "x", 1) != 1) ::_exit(2);
      }
    }
    ::close(pipe[1]);
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random.below(60)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    char byte = 0;
    while (::read(pipe[0], &byte, 1) == 1) ++expected;
    ::close(pipe[0]);
    const auto store = RocksDBKVStore::open(path_);
    ASSERT_TRUE(store) << store.error().to_string();
    const int found = static_cast<int>(*(*store)->count("a"));
    EXPECT_GE(found, expected);
    EXPECT_LE(found, expected + 1);  // the one in flight
    expected = found;
    std::string faults;
    ASSERT_TRUE((*store)->verify([&](const VerifyFault& fault) { faults += fault.message + "\n"; }).is_ok());
    EXPECT_EQ(faults, "");
  }
}

TEST_F(RocksDBRecoveryTest, AHeldDirectoryNamesItsHolder) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = RocksDBKVStore::open(path_);
    if (!store || ::write(ready[1], "r", 1) != 1) ::_exit(1);
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const Status busy = open_status();
  EXPECT_EQ(busy.code(), StatusCode::kBusy);
  EXPECT_NE(busy.message().find(path_), std::string::npos);
  EXPECT_NE(busy.message().find(std::to_string(child)), std::string::npos) << busy.message();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto store = RocksDBKVStore::open(path_);
  ASSERT_TRUE(store) << store.error().to_string();
  EXPECT_EQ(open_status().code(), StatusCode::kBusy);  // from this process too
}

TEST_F(RocksDBRecoveryTest, AForkedChildIsRefused) {
  auto store = *RocksDBKVStore::open(path_);
  ASSERT_TRUE(store->put("k", number(1)).is_ok());
  const auto snapshot = *store->snapshot();
  auto load = *store->bulk_load();
  ASSERT_TRUE(load->begin_collection("loading", {}).is_ok());
  const auto refused = [](const Status& status) { return status.code() == StatusCode::kNotSupported; };
  EXPECT_EQ(in_child([&] {
              if (!refused(store->put("k", number(2)))) return 1;
              if (!refused(store->get("k").status())) return 2;
              if (!refused(store->scan({}).status())) return 3;
              if (!refused(snapshot->get("k").status())) return 4;
              if (!refused(load->put("k", number(1)))) return 5;
              if (!refused(store->member_lists()->members("c", "k").status())) return 6;
              load.reset();
              if (!refused(store->close())) return 7;
              if (open_status().code() != StatusCode::kBusy) return 8;
              store.reset();
              return 0;
            }),
            0);
  EXPECT_EQ((*store->get("k"))->text(), "{\"n\": 1}");
  ASSERT_TRUE(load->put("k", number(1)).is_ok());
  ASSERT_TRUE(load->commit().is_ok());
  EXPECT_EQ(*store->count("loading"), 1u);
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
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(RocksDBRecoveryTest, WhatIsNotOursIsRefusedUntouched) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, path_, &raw).ok());
  delete raw;
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
  write_file(path_ + "/QUIPU", "quipu format 2\n");
  expect_refused(StatusCode::kInvalidArgument, "format 2");
  for (const char* text : {"", "quipu format", "quipu format x\n", "quipu format 1", "something\n"}) {
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
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, path_ + "/rocksdb", families, &handles, &db).ok());
    rocksdb::ColumnFamilyHandle* made = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily(options, name, &made).ok());
    handles.push_back(made);
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
    }
    delete db;
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
