// What every key-value store does beyond put and get, a user's own with its four methods included.

#include "quipu/kv_store.h"

#include <gtest/gtest.h>

#include "quipu/write_batch.h"
#include "tests/support/backends.h"

namespace quipu::testing {
namespace {

class KVStoreTest : public BackendFixture {
 protected:
  void fill(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      ASSERT_TRUE(kv_->put(key, Json::from_canonical("{\"k\": \"" + key + "\"}"), "c").is_ok());
    }
  }
  std::string scanned(const ScanOptions& options) const {
    const auto it = kv_->scan(options, "c");
    EXPECT_TRUE(it) << it.error().to_string();
    std::string keys;
    while ((*it)->next()) {
      (keys += (*it)->key()) += ' ';
      EXPECT_EQ((*it)->val().is_null(), options.keys_only);
    }
    EXPECT_TRUE((*it)->status().is_ok());
    return keys;
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, KVStoreTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(KVStoreTest, ValuesAreCopies) {
  std::string text = R"({"a": 1})";
  ASSERT_TRUE(kv_->put("k", JsonView::from_canonical(text)).is_ok());
  text = R"({"a": 2})";
  const std::optional<Json> before = *kv_->get("k");
  const std::vector<KVEntry> all = *kv_->get_all();
  ASSERT_TRUE(kv_->put("k", JsonView::from_canonical(text)).is_ok());
  EXPECT_EQ(before->text(), R"({"a": 1})");
  EXPECT_EQ(all.at(0).val.text(), R"({"a": 1})");
  EXPECT_EQ((*kv_->get("k"))->text(), R"({"a": 2})");
}

TEST_P(KVStoreTest, AsyncCallsAreTheSyncOnes) {
  ASSERT_TRUE(kv_->aput("a", Json::from_canonical(R"({"n": 1})")).get().is_ok());
  ASSERT_TRUE(
      kv_->aput_all({{"b", Json::from_canonical("{}")}, {"c", Json::from_canonical("{}")}}).get().is_ok());
  EXPECT_EQ((*kv_->aget("a").get())->text(), R"({"n": 1})");
  EXPECT_FALSE(kv_->aget("a", "other").get()->has_value());
  EXPECT_EQ(kv_->aget_all().get()->size(), 3u);
  EXPECT_TRUE(*kv_->adelete("b").get());
  EXPECT_FALSE(*kv_->adelete("b").get());
  EXPECT_EQ(kv_->aput("x", Json::from_canonical("[]")).get().code(), StatusCode::kInvalidArgument);
  const Status batched = kv_->aput_all({}, "data", 2).get();
  EXPECT_EQ(batched.is_ok(), kv_->capabilities().batched_put_all);
}

TEST_P(KVStoreTest, PutAllTakesABatchSizeWhereTheStoreCanBatch) {
  const std::string value = "{}";
  const std::vector<KVPair> pairs = {{"a", JsonView::from_canonical(value)},
                                     {"b", JsonView::from_canonical(value)}};
  ASSERT_TRUE(kv_->put_all(pairs, "c").is_ok());
  EXPECT_EQ(*kv_->count("c"), 2u);
  for (const auto& some : {std::span<const KVPair>(pairs), std::span<const KVPair>()}) {
    const Status status = kv_->put_all(some, "d", 100);
    EXPECT_EQ(status.is_ok(), batches());
    if (batches()) continue;
    EXPECT_EQ(status.code(), StatusCode::kNotSupported);
    EXPECT_EQ(status.message(), "Batching not supported by this key-value store.");
    EXPECT_EQ(*kv_->count("d"), 0u);
  }
}

TEST_P(KVStoreTest, ScansWithinBounds) {
  fill({"b1", "a", "c", "b2", "b10"});
  EXPECT_EQ(scanned({}), "a b1 b10 b2 c ");
  EXPECT_EQ(scanned({.prefix = "b"}), "b1 b10 b2 ");
  EXPECT_EQ(scanned({.prefix = "b", .limit = 2, .reverse = true}), "b2 b10 ");
  EXPECT_EQ(scanned({.start = "b10", .end = "c"}), "b10 b2 ");
  EXPECT_EQ(scanned({.prefix = "b", .start = "b10", .keys_only = true}), "b10 b2 ");
  EXPECT_EQ(scanned({.start = "c", .end = "a"}), "");
  EXPECT_EQ(scanned({.limit = 3, .order = ScanOptions::Order::kInsertion}), "b1 a c ");
  EXPECT_EQ(scanned({.prefix = "b", .reverse = true, .order = ScanOptions::Order::kInsertion}), "b10 b2 b1 ");
}

TEST_P(KVStoreTest, LooksUpManyKeys) {
  fill({"x", "y"});
  const std::vector<std::string_view> keys = {"y", "none", "x", "y"};
  const auto values = *kv_->multi_get(keys, "c");
  ASSERT_EQ(values.size(), 4u);
  EXPECT_EQ(values[0]->text(), R"({"k": "y"})");
  EXPECT_FALSE(values[1]);
  EXPECT_EQ(values[2]->text(), R"({"k": "x"})");
  EXPECT_EQ(values[3]->text(), R"({"k": "y"})");
  const auto order = *kv_->insertion_order(keys, "c");
  EXPECT_LT(order[2], order[0]);
  EXPECT_FALSE(order[1]);
  EXPECT_TRUE(*kv_->exists("x", "c"));
  EXPECT_FALSE(*kv_->exists("x"));
  const std::string_view asked[] = {"none", "x", "", "x"};
  EXPECT_EQ(*kv_->keys_exist(asked, "c"), (std::vector<bool>{false, true, false, true}));
  EXPECT_EQ(*kv_->keys_exist(asked, "never"), std::vector<bool>(4));
}

TEST_P(KVStoreTest, CollectionsAreListedAndDropped) {
  fill({"x", "y"});
  ASSERT_TRUE(kv_->put("k", Json::from_canonical("{}"), "d").is_ok());
  if (lists_collections()) {
    const auto listed = kv_->collections();
    ASSERT_EQ(listed->size(), 2u);
    EXPECT_EQ(listed->at(0).name + " " + std::to_string(listed->at(0).count), "c 2");
    EXPECT_EQ(listed->at(1).name + " " + std::to_string(listed->at(1).count), "d 1");
  }
  EXPECT_TRUE(*kv_->drop_collection("c"));
  EXPECT_FALSE(*kv_->drop_collection("c"));
  EXPECT_EQ(*kv_->count("c"), 0u);
  EXPECT_EQ(*kv_->count("d"), 1u);
}

TEST_P(KVStoreTest, SnapshotsStayAsTheyWere) {
  if (!kv_->capabilities().snapshots) {
    EXPECT_EQ(kv_->snapshot().status(), Status::not_supported("this key-value store has no snapshots"));
    return;
  }
  fill({"x"});
  {
    const auto snapshot = kv_->snapshot();
    ASSERT_TRUE(snapshot) << snapshot.error().to_string();
    fill({"y"});
    ASSERT_TRUE(*kv_->delete_("x", "c"));
    EXPECT_TRUE(*(*snapshot)->exists("x", "c"));
    EXPECT_EQ(*(*snapshot)->count("c"), 1u);
  }
  EXPECT_EQ(scanned({}), "y ");
}

}  // namespace
}  // namespace quipu::testing
