// What is opened and left, fails, or is given up half-way leaves nothing behind: no open file, no memory.
//
// QUIPU_LEAK_ROUNDS says how often each is done; the default is that of an ordinary run.

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "quipu/bulk_load.h"
#include "quipu/document_store.h"
#include "quipu/kv_transaction.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/storage_context.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/random.h"
#include "tests/support/resource_usage.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

const std::string kGolden = std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens/basic";
constexpr double kSlackMib = 4;  // of the allocator and of caches; a kilobyte a round would be less in 1,000

class LeakTest : public ::testing::Test {
 protected:
  // Does it so often, after a tenth more to become warm, and compares what the process holds.
  void repeat(int share, const std::function<void(int round)>& once) {
    const int rounds = test_scale("QUIPU_LEAK_ROUNDS", share);
    int round = 0;
    for (; round < rounds / 10 + 1; ++round) ASSERT_NO_FATAL_FAILURE(once(round));
    const ResourceUsage before = least_resource_usage();
    for (; round < rounds + rounds / 10 + 1; ++round) ASSERT_NO_FATAL_FAILURE(once(round));
    const ResourceUsage after = least_resource_usage();
    std::printf("%d rounds: %.1f MiB and %d files before, %.1f MiB and %d files after\n", rounds, before.mib,
                before.files, after.mib, after.files);
    EXPECT_EQ(after.files, before.files);
    if (kMemoryIsMeasured) {
      EXPECT_LE(after.mib, before.mib * 1.05 + kSlackMib);
    }
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
};

TEST_F(LeakTest, OpenAndClose) {
  repeat(40, [&](int round) {
    auto context = StorageContext::open(path_);
    ASSERT_TRUE(context) << context.error().to_string();
    const Json value = Json::from_canonical("{\"n\": " + std::to_string(round) + "}");
    ASSERT_TRUE(context->kvstore()->put("k", value).is_ok());
    const auto reader = RocksDBKVStore::open_reader(path_);
    ASSERT_TRUE(reader) << reader.error().to_string();
    ASSERT_EQ((*(*reader)->get("k"))->text(), value.text());
    ASSERT_EQ(RocksDBKVStore::open(path_).error().code(), StatusCode::kBusy);
  });
}

TEST_F(LeakTest, FailedImports) {
  Random random(test_seed());
  const std::string whole = read_file(kGolden + "/docstore.json");
  const std::string from = directory_ / "from";
  ASSERT_TRUE(local_file_system().make_directory(from));
  write_file(from + "/index_store.json", "{}");
  const auto store = *RocksDBKVStore::open(path_);
  ASSERT_TRUE(store->put("mine", Json::from_canonical("{}")).is_ok());
  repeat(100, [&](int round) {
    std::string broken = whole;
    const size_t at = random.below(whole.size());
    if (round % 2 == 0) {
      broken.resize(at);
    } else {
      broken[at] = '\x01';  // which JSON has nowhere
    }
    write_file(from + "/docstore.json", broken);
    const auto imported = import_persist_dir(from, *store, {.merge = true});
    ASSERT_FALSE(imported) << "byte " << at;
    ASSERT_EQ(imported.error().code(), StatusCode::kInvalidArgument) << imported.error().to_string();
    ASSERT_NE(imported.error().message().find("docstore.json"), std::string::npos);
    ASSERT_EQ(store->collections()->size(), 1u);
  });
  expect_consistent(*store);
}

TEST_F(LeakTest, WhatIsGivenUpHalfWay) {
  const auto store = *RocksDBKVStore::open(path_);
  ASSERT_TRUE(import_persist_dir(kGolden, *store));
  const uint64_t count = *store->count("docstore/data");
  ASSERT_GT(count, 10u);
  const Json value = Json::from_canonical("{\"filler\": \"" + std::string(1000, 'x') + "\"}");
  repeat(200, [&](int round) {
    ScanOptions options;
    options.order = round % 2 == 0 ? ScanOptions::Order::kInsertion : ScanOptions::Order::kKey;
    const auto scan = *store->scan(options, "docstore/data");
    const auto snapshot = *store->snapshot();
    const auto of_snapshot = *snapshot->scan(options, "docstore/metadata");
    const auto nodes = *KVDocumentStore(store).stream_nodes();
    for (int i = 0; i < round % 5; ++i) ASSERT_TRUE(scan->next() && of_snapshot->next() && nodes->next());
    const auto transaction = *store->begin();
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(transaction->put(std::to_string(i), value, "docstore/data").is_ok());
    }
    const auto of_transaction = *transaction->scan(options, "docstore/data");
    ASSERT_TRUE(of_transaction->next());
    const auto load = *store->bulk_load();
    ASSERT_TRUE(load->begin_file("other.json").is_ok());
    ASSERT_TRUE(load->begin_collection("other", {"other.json", ""}).is_ok());
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(load->put(std::to_string(i), value).is_ok());
  });
  EXPECT_EQ(*store->count("docstore/data"), count);
  EXPECT_FALSE(*store->exists("1", "other"));
  expect_consistent(*store);
  EXPECT_TRUE(store->close().is_ok()) << "something is still open";
}

}  // namespace
}  // namespace quipu::testing
