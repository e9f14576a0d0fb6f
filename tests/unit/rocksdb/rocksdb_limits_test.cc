// What a write may hold, and what is refused because of it: by name, and with nothing changed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quipu/bulk_load.h"
#include "quipu/kv_transaction.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/write_batch.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// An object of exactly so many bytes.
Json object_of(size_t bytes, char filler = 'x') {
  return *Json::parse(R"({"a": ")" + std::string(bytes - 9, filler) + R"("})");
}

class RocksDBLimitsTest : public ::testing::Test {
 protected:
  std::shared_ptr<RocksDBKVStore> open(const RocksDBOptions& options) {
    auto store = RocksDBKVStore::open(directory_ / "db", options);
    EXPECT_TRUE(store) << store.error().message();
    return *store;
  }
  static void expect_refused(const Status& status, const std::string& part, const std::string& limit) {
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), AllOf(HasSubstr(part), HasSubstr(limit)));
  }

  TempDir directory_;
};

TEST_F(RocksDBLimitsTest, KeysAndValues) {
  const auto store = open({.max_key_bytes = 4, .max_value_bytes = 100});
  EXPECT_TRUE(store->put("1234", object_of(100), "c").is_ok());
  expect_refused(store->put("12345", object_of(100), "c"), R"(key "12345" of collection "c")",
                 "limit of 4 bytes (max_key_bytes)");
  expect_refused(store->put("k", object_of(101), "c"), R"(the value of key "k" of collection "c")",
                 "limit of 100 bytes (max_value_bytes)");
  WriteBatch batch;
  batch.put("c", "good", object_of(10));
  batch.put_list("d", "l", std::string(101, ' '), "");
  expect_refused(store->write(batch), R"(key "l" of collection "d")", "max_value_bytes");
  const auto load = *store->bulk_load();
  ASSERT_TRUE(load->begin_collection("e", {}).is_ok());
  expect_refused(load->put("12345", object_of(10)), R"(key "12345" of collection "e")", "max_key_bytes");
  expect_refused(load->put("k", object_of(101)), R"(key "k" of collection "e")", "max_value_bytes");
  EXPECT_EQ(*store->count("c"), 1U);
  EXPECT_EQ(store->collections()->size(), 1U);
}

TEST_F(RocksDBLimitsTest, NamesOfCollections) {
  const auto store = open({});
  EXPECT_TRUE(store->put("k", object_of(10), std::string(64 << 10, 'n')).is_ok());
  expect_refused(store->put("k", object_of(10), std::string((64 << 10) + 1, 'n')), "nnn", "limit of 64 KiB");
}

TEST_F(RocksDBLimitsTest, NoOptionAllowsMoreThanTheFormat) {
  const auto store = open({.max_key_bytes = 1ULL << 40});
  expect_refused(store->put(std::string((16 << 20) + 1, 'k'), object_of(10)), "kkk", "16777216 bytes");
}

TEST_F(RocksDBLimitsTest, BatchesAndTransactions) {
  const auto store = open({.max_batch_bytes = 10'000});
  WriteBatch batch;
  for (int i = 0; i < 9; ++i) batch.put("c", std::to_string(i), object_of(1000));
  EXPECT_TRUE(store->write(batch).is_ok());
  batch.put("new", "9", object_of(1000));
  expect_refused(store->write(batch), "a write of 10", "limit of 10000 bytes (max_batch_bytes)");
  EXPECT_EQ(store->collections()->size(), 1U);

  const auto transaction = *store->begin();
  for (int i = 0; i < 9; ++i) {
    ASSERT_TRUE(transaction->put(std::to_string(i), object_of(1000, 'y'), "c").is_ok());
  }
  expect_refused(transaction->put("9", object_of(1000), "c"), "the transaction", "max_batch_bytes");
  EXPECT_FALSE(*transaction->exists("9", "c"));  // the refused call changed nothing, and the others stand
  EXPECT_EQ(*transaction->count("c"), 9U);
  ASSERT_TRUE(transaction->commit().is_ok());
  EXPECT_EQ(*store->count("c"), 9U);
  EXPECT_EQ((*store->get("8", "c"))->text(), object_of(1000, 'y').text());
}

TEST_F(RocksDBLimitsTest, TheDirectory) {
  constexpr size_t kValue = 100'000;
  Random random(test_seed());
  const auto value = [&] {  // that cannot be compressed much
    std::string text;
    while (text.size() < kValue) text += std::to_string(random.below(UINT64_MAX));
    return *Json::parse(R"({"a": ")" + text + R"("})");
  };
  const auto store = open({.memory_budget_bytes = 32 << 20, .max_directory_bytes = 8 << 20});
  Status status;
  int written = 0;
  while (status.is_ok() && written < 200) {
    status = store->put("k" + std::to_string(written), value(), "c");
    if (status.is_ok()) ++written;
    if (written % 10 == 0) {
      ASSERT_TRUE(store->flush().is_ok());
    }
  }
  expect_refused(status, directory_ / "db", "limit is 8388608 (max_directory_bytes)");
  EXPECT_GT(written, 40);
  EXPECT_LT(written, 160);
  EXPECT_EQ(*store->count("c"), static_cast<uint64_t>(written));

  const auto transaction = *store->begin();
  status = Status::ok();  // a compaction may have made some room
  for (int i = 0; i < 100 && status.is_ok(); ++i)
    status = transaction->put("t" + std::to_string(i), value(), "c");
  expect_refused(status, directory_ / "db", "max_directory_bytes");
  transaction->rollback();
  const auto load = *store->bulk_load();
  ASSERT_TRUE(load->begin_collection("loaded", {}).is_ok());
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(load->put("k" + std::to_string(i), value()).is_ok());
  expect_refused(load->commit(), directory_ / "db", "max_directory_bytes");
  EXPECT_EQ(store->collections()->size(), 1U);

  for (int i = 0; i < written; ++i) EXPECT_TRUE(*store->delete_("k" + std::to_string(i), "c"));
  ASSERT_TRUE(store->compact().is_ok());
  EXPECT_TRUE(store->put("again", value(), "c").is_ok());
}

TEST_F(RocksDBLimitsTest, WhatABulkLoadReplacesIsNotCounted) {
  const auto store = open({.max_directory_bytes = 8 << 20});
  const auto load = *store->bulk_load();
  Random random(test_seed());
  for (int round = 0; round < 4; ++round) {  // of about 4 MB each
    ASSERT_TRUE(load->begin_collection("c", {}).is_ok());
    for (int i = 0; i < 20; ++i) {
      std::string text;
      while (text.size() < 200'000) text += std::to_string(random.below(UINT64_MAX));
      ASSERT_TRUE(load->put(std::to_string(i), *Json::parse(R"({"a": ")" + text + R"("})")).is_ok());
    }
  }
  EXPECT_TRUE(load->commit().is_ok());
  EXPECT_EQ(*store->count("c"), 20U);
}

}  // namespace
}  // namespace quipu::testing
