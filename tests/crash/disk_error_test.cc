// A store whose disk fails: it reads on, refuses writes with the cause, and goes on once the cause is gone,
// or says that it must be opened again.

#include <gtest/gtest.h>
#include <rocksdb/version.h>

#include <atomic>
#include <thread>

#include "backends/rocksdb/env_store.h"
#include "quipu/bulk_load.h"
#include "quipu/write_batch.h"
#include "tests/support/faults/fault_file_system.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

Json value(const std::string& text) { return Json::from_canonical("{\"v\": \"" + text + "\"}"); }

class DiskErrorTest : public ::testing::Test {
 protected:
  DiskErrorTest() { reopen(); }
  void reopen(const RocksDBOptions& options = {}) {
    store_.reset();
    auto opened = rocks::EnvStore::open(directory_ / "db", options, disk_.env());
    ASSERT_TRUE(opened) << opened.error().to_string();
    store_ = *opened;
  }
  std::string text_of(const std::string& key) const {
    const auto found = store_->get(key);
    EXPECT_TRUE(found) << found.error().to_string();
    return found && *found ? (*found)->text() : "";
  }
  void expect_no_faults() const {
    const Status verified =
        store_->verify([](const Fault& fault) { ADD_FAILURE() << fault.key << ": " << fault.message; });
    EXPECT_TRUE(verified.is_ok()) << verified.to_string();
  }
  void expect_refused(const Status& status, const std::string& cause, const std::string& advice) const {
    EXPECT_EQ(status.code(), StatusCode::kIoError) << status.to_string();
    for (const std::string& part : {cause, advice, directory_ / "db"}) {
      EXPECT_NE(status.message().find(part), std::string::npos) << part << " is not in " << status.message();
    }
  }

  TempDir directory_;
  Faults faults_;
  FaultFileSystem disk_{faults_, 1};
  std::shared_ptr<RocksDBKVStore> store_;
};

TEST_F(DiskErrorTest, AFullDiskStopsWritingUntilThereIsRoom) {
  ASSERT_TRUE(store_->put("a", value("1")).is_ok());
  faults_.fail_files("", FaultKind::kNoSpace);
  expect_refused(store_->put("b", value("2")), "No space left", "writing goes on once the cause is gone");
  expect_refused(store_->put("c", value("3")), "No space left", "writing goes on");
  expect_refused(store_->sync(), "No space left", "writing goes on");
  EXPECT_EQ(text_of("a"), "{\"v\": \"1\"}");
  EXPECT_EQ(text_of("b"), "");
  faults_.heal();
  const Status after = store_->put("d", value("4"));
  EXPECT_TRUE(after.is_ok()) << after.to_string();
  EXPECT_EQ(text_of("b"), "");
  EXPECT_TRUE(store_->sync().is_ok());
  expect_no_faults();
  reopen();
  EXPECT_EQ(text_of("a"), "{\"v\": \"1\"}");
  EXPECT_EQ(text_of("d"), "{\"v\": \"4\"}");
  EXPECT_EQ(*store_->count(), 2u);
}

TEST_F(DiskErrorTest, AKeyThatCannotBeReadIsNotTakenForANewOne) {
  ASSERT_TRUE(store_->put("a", value("1")).is_ok());
  ASSERT_TRUE(store_->put("b", value("1")).is_ok());
  ASSERT_TRUE(store_->compact().is_ok());
  reopen();
  faults_.fail_files(".sst", FaultKind::kIoError);
  EXPECT_EQ(store_->put("a", value("2")).code(), StatusCode::kIoError);
  const Json two = value("2");
  const std::vector<KVPair> both = {{"a", two}, {"b", two}};
  EXPECT_EQ(store_->put_all(both, "data", 2).code(), StatusCode::kIoError);
  EXPECT_EQ(store_->delete_("a").status().code(), StatusCode::kIoError);
  faults_.heal();
  reopen();
  EXPECT_EQ(text_of("a"), "{\"v\": \"1\"}");
  EXPECT_EQ(*store_->count(), 2u);
  expect_no_faults();
}

// For every read of verify in turn; a repair would take away what it says is missing.
TEST_F(DiskErrorTest, WhatCannotBeReadIsNotTakenForMissing) {
  ASSERT_TRUE(store_->declare_collection("lists", {"", "v"}).is_ok());
  ASSERT_TRUE(store_->put("a", value("1"), "lists").is_ok());
  WriteBatch batch;
  batch.put_list("lists", "list", "{\"l\": [", "]}");
  batch.add_member("lists", "list", "1");
  ASSERT_TRUE(store_->write(batch).is_ok());
  ASSERT_TRUE(store_->compact().is_ok());
  int failed = 0;
  for (uint64_t nth = 1;; ++nth) {
    reopen();  // with nothing in its cache
    faults_.fail(nth, FaultKind::kIoError, /*for_ever=*/false);
    std::string found;
    const Status verified =
        store_->verify([&](const Fault& fault) { found += fault.collection + " " + fault.message + "\n"; });
    const bool met = !faults_.failed_on().empty();
    faults_.heal();
    if (!met) break;
    ++failed;
    const std::string said = found + (verified.is_ok() ? "" : verified.message());
    if (said.empty()) continue;  // it was read again
    // RocksDB takes a file whose end cannot be read for one that is too short, or reads on at a random place.
    const bool told = said.find("injected") != std::string::npos ||
                      said.find("a file is damaged or cannot be read") != std::string::npos;
    EXPECT_TRUE(told) << "operation " << nth << ": " << said;
    for (const char* wrong :
         {"is missing", "which is not its", "but no list", "but holds", "does not exist"}) {
      EXPECT_EQ(said.find(wrong), std::string::npos) << "operation " << nth << ": " << said;
    }
  }
  EXPECT_GT(failed, 5);
  expect_no_faults();
}

TEST_F(DiskErrorTest, AFlushThatFindsTheDiskFullWantsTheStoreOpenedAgain) {
  ASSERT_TRUE(store_->put("a", value("1")).is_ok());
  faults_.fail_files(".sst", FaultKind::kNoSpace);
  ASSERT_FALSE(store_->compact().is_ok());
  faults_.heal();
  expect_refused(store_->put("b", value("2")), "No space left", "open the store again");
  EXPECT_EQ(text_of("a"), "{\"v\": \"1\"}");
  reopen();
  EXPECT_EQ(text_of("a"), "{\"v\": \"1\"}");
  EXPECT_TRUE(store_->put("b", value("2")).is_ok());
  expect_no_faults();
}

TEST_F(DiskErrorTest, AnErrorOfTheDiskStopsWritingUntilTheStoreIsOpenedAgain) {
  ASSERT_TRUE(store_->put("a", value("1")).is_ok());
  faults_.fail_files(".log", FaultKind::kIoError);
  expect_refused(store_->put("b", value("2")), "Input/output error", "open the store again");
  faults_.heal();
  expect_refused(store_->put("c", value("3")), "Input/output error", "open the store again");
  EXPECT_EQ(text_of("a"), "{\"v\": \"1\"}");
  EXPECT_FALSE(store_->close().is_ok());
  reopen();
  EXPECT_EQ(text_of("a"), "{\"v\": \"1\"}");
  EXPECT_EQ(text_of("c"), "");
  EXPECT_TRUE(store_->put("d", value("4")).is_ok());
  expect_no_faults();
}

// Resume() of RocksDB 7.8 keeps a log whose first record has failed, and nothing makes it begin another; that
// of 11.12 begins one. Neither may lose the write that came before, or take in one that it has refused.
TEST_F(DiskErrorTest, AFullDiskMetByTheFirstWriteLosesNothing) {
  ASSERT_TRUE(store_->put("a", value("1")).is_ok());
  ASSERT_TRUE(store_->close().is_ok());
  reopen();  // with nothing in memory, and an empty log
  faults_.fail_files("", FaultKind::kNoSpace);
  ASSERT_FALSE(store_->put("a", value("2")).is_ok());
  faults_.heal();
  EXPECT_EQ(text_of("a"), "{\"v\": \"1\"}");
  const Status again = store_->put("a", value("2"));
  if (ROCKSDB_MAJOR < 9) {
    EXPECT_FALSE(again.is_ok());
  }
  if (ROCKSDB_MAJOR > 10) {
    EXPECT_TRUE(again.is_ok()) << again.to_string();
  }
  if (!again.is_ok()) expect_refused(again, "cannot write", "open the store again");
  const std::string now = again.is_ok() ? "{\"v\": \"2\"}" : "{\"v\": \"1\"}";
  EXPECT_EQ(text_of("a"), now);
  reopen();
  EXPECT_EQ(text_of("a"), now);
  EXPECT_TRUE(store_->put("a", value("3")).is_ok());
  expect_no_faults();
}

TEST_F(DiskErrorTest, ABulkLoadWaitsForTheStoreToBeOpenedAgain) {
  ASSERT_TRUE(store_->put("a", value("1")).is_ok());
  faults_.fail_files("", FaultKind::kNoSpace);
  ASSERT_FALSE(store_->put("b", value("2")).is_ok());
  faults_.heal();
  ASSERT_TRUE(store_->put("c", value("3")).is_ok());
  const auto load = [&]() -> Status {
    QUIPU_ASSIGN_OR_RETURN(const auto load, store_->bulk_load());
    QUIPU_RETURN_IF_ERROR(load->begin_collection("loaded", {}));
    QUIPU_RETURN_IF_ERROR(load->put("k", value("4")));
    return load->commit();
  };
  expect_refused(load(), "disk was full", "open the store again");
  reopen();
  const Status loaded = load();
  EXPECT_TRUE(loaded.is_ok()) << loaded.to_string();
  EXPECT_EQ(*store_->count("loaded"), 1u);
  EXPECT_EQ(*store_->count(), 2u);
  expect_no_faults();
}

TEST_F(DiskErrorTest, AFailedSyncIsFinal) {
  ASSERT_TRUE(store_->put("a", value("1")).is_ok());
  faults_.fail(1, FaultKind::kIoError, /*for_ever=*/false);
  EXPECT_FALSE(store_->sync().is_ok());
  expect_refused(store_->sync(), "Input/output error", "open the store again");
  reopen();
  EXPECT_EQ(text_of("a"), "{\"v\": \"1\"}");
  EXPECT_TRUE(store_->sync().is_ok());
}

// Writers wait for memory that only a flush frees; when no flush can succeed they must be told.
TEST_F(DiskErrorTest, WritersDoNotWaitForFlushesThatCannotSucceed) {
  RocksDBOptions small;
  small.memory_budget_bytes = 16 << 20;
  reopen(small);
  faults_.fail_files(".sst", FaultKind::kNoSpace);
  std::atomic<int> refused{0};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < 2000; ++i) {
        const std::string key = std::to_string(writer) + "-" + std::to_string(i);
        if (store_->put(key, value(std::string(20000, 'x'))).is_ok()) continue;
        ++refused;
        return;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(refused, 4);
  faults_.heal();
  const uint64_t written = *store_->count();
  reopen(small);
  EXPECT_EQ(*store_->count(), written);
  expect_no_faults();
}

}  // namespace
}  // namespace quipu::testing
