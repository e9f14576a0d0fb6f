// Transactions of RocksDBKVStore beyond what every backend's do (tests/conformance/kv/transaction_test.cc).

#include <gtest/gtest.h>

#include "backends/rocksdb/database/conflict_table.h"
#include "quipu/backend/features.h"
#include "quipu/kv_transaction.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/write_batch.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

class TransactionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = RocksDBKVStore::open(directory_ / "db");
    ASSERT_TRUE(opened) << opened.error().to_string();
    store_ = *std::move(opened);
  }
  std::shared_ptr<KVTransaction> begin() {
    auto begun = store_->begin();
    EXPECT_TRUE(begun) << begun.error().to_string();
    return *begun;
  }
  void TearDown() override {
    if (store_) expect_consistent(*store_);
  }

  TempDir directory_;
  std::shared_ptr<RocksDBKVStore> store_;
};

TEST_F(TransactionTest, ListsAreMergedAndReplaced) {
  WriteBatch batch;
  batch.put_list("lists", "l", "{\"x\": [", "]}");
  for (int i = 0; i < 3000; ++i) batch.add_member("lists", "l", std::to_string(i));
  batch.put_list("lists", "short", "{\"x\": [", "]}");
  batch.add_member("lists", "short", "1");
  ASSERT_TRUE(store_->write(batch).is_ok());
  auto txn = begin();
  batch.clear();
  batch.add_member("lists", "short", "2");
  ASSERT_TRUE(txn->write(batch).is_ok());
  batch.clear();
  batch.remove_member("lists", "short", "1");
  batch.add_member("lists", "short", "3");
  batch.remove_member("lists", "l", "17");
  ASSERT_TRUE(txn->write(batch).is_ok());
  EXPECT_EQ((*txn->get("short", "lists"))->text(), R"({"x": [2, 3]})");
  EXPECT_EQ((*txn->member_lists().list_info("lists", "l"))->count, 2999u);
  EXPECT_FALSE(*txn->member_lists().has_member("lists", "l", "17"));
  EXPECT_EQ(txn->member_lists().members("lists", "l")->size(), 2999u);
  batch.clear();
  batch.add_member("lists", "none", "1");
  EXPECT_EQ(txn->write(batch).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(*txn->delete_("l", "lists"));
  EXPECT_FALSE(*txn->exists("l", "lists"));
  ASSERT_TRUE(txn->commit().is_ok());
  EXPECT_EQ((*store_->get("short", "lists"))->text(), R"({"x": [2, 3]})");
  EXPECT_TRUE(store_->member_lists().members("lists", "l")->empty());
}

TEST_F(TransactionTest, WhatChangesNothingIsNoConflict) {
  WriteBatch batch;
  batch.put_list("lists", "l", "{\"x\": [", "]}");
  batch.add_member("lists", "l", "1");
  ASSERT_TRUE(store_->write(batch).is_ok());
  auto reading = begin();
  EXPECT_EQ((*reading->get("l", "lists"))->text(), R"({"x": [1]})");
  auto txn = begin();
  batch.clear();
  batch.ensure_list("lists", "l", "{\"x\": [", "]}");
  batch.add_member("lists", "l", "1");
  ASSERT_TRUE(txn->write(batch).is_ok());
  ASSERT_TRUE(txn->commit().is_ok());
  ASSERT_TRUE(reading->put("other", Json::from_canonical("{}"), "lists").is_ok());
  EXPECT_TRUE(reading->commit().is_ok());
  // It has read the list all the same, which counts where it changes something else.
  txn = begin();
  ASSERT_TRUE(txn->write(batch).is_ok());
  ASSERT_TRUE(txn->put("other", Json::from_canonical("{}"), "lists").is_ok());
  ASSERT_TRUE(store_->put("l", Json::from_canonical("{}"), "lists").is_ok());
  EXPECT_EQ(txn->commit().code(), StatusCode::kBusy);
}

TEST(ConflictTableTest, ForgetsWhatIsTooMuchAndLetsNothingPass) {
  rocks::ConflictTable table;
  const uint64_t early = table.begin();
  std::vector<rocks::Fingerprint> fingerprints(rocks::ConflictTable::kMaxFingerprints / 4);
  for (int part = 0; part < 5; ++part) {
    for (size_t i = 0; i < fingerprints.size(); ++i) fingerprints[i] = part * fingerprints.size() + i + 1;
    table.record(fingerprints);
  }
  EXPECT_TRUE(table.changed_since(early, 0));  // nobody knows any more
  const uint64_t late = table.begin();
  EXPECT_FALSE(table.changed_since(late, 0));
  const rocks::Fingerprint seven = 7;
  table.record({&seven, 1});
  EXPECT_TRUE(table.changed_since(late, 7));
  EXPECT_FALSE(table.changed_since(late, 8));
  table.end(early);
  const uint64_t later = table.begin();
  EXPECT_FALSE(table.changed_since(later, 7));
  EXPECT_TRUE(table.changed_since(late, 7));
  table.end(late);
  table.end(later);
  EXPECT_FALSE(table.watching());
}

}  // namespace
}  // namespace quipu::testing
