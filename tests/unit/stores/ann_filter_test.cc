// Approximate queries with filters and node ids: beside what float64 tells of those that pass.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "quipu/kv_transaction.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "tests/support/coded_rows.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

constexpr size_t kDimensions = 32;
constexpr size_t kVectors = 12000;
constexpr int kTop = 10;

MetadataFilters where(const std::string& key, int64_t value, FilterOperator op = FilterOperator::EQ) {
  return {{MetadataFilter{key, *Json::parse(std::to_string(value)), op}}};
}

class AnnFilterTest : public ::testing::Test {
 protected:
  struct Kept {
    Vector vector;
    int64_t half, twentieth, thousandth;
  };

  void SetUp() override {
    kv_ = *RocksDBKVStore::open(directory_ / "db");
    store_ = std::make_unique<KVVectorStore>(kv_);
    std::vector<std::string> ids;
    for (size_t i = 0; i < kVectors; ++i) ids.push_back("n" + std::to_string(i));
    add(*store_, ids);
    ASSERT_TRUE(store_->use_ann(0.97).is_ok());
  }
  // Adds these, or puts others in their places.
  void add(KVVectorStore& store, const std::vector<std::string>& ids) {
    std::vector<Json> metadata;
    std::vector<VectorStoreEntry> entries;
    metadata.reserve(ids.size());
    for (const std::string& id : ids) {
      Kept& kept =
          kept_[id] = {clusters_.next(random_), static_cast<int64_t>(random_.below(2)),
                       static_cast<int64_t>(random_.below(20)), static_cast<int64_t>(random_.below(1000))};
      metadata.push_back(*Json::parse("{\"half\": " + std::to_string(kept.half) +
                                      ", \"twentieth\": " + std::to_string(kept.twentieth) +
                                      ", \"thousandth\": " + std::to_string(kept.thousandth) + "}"));
      entries.push_back(
          {.id = id, .embedding = kept.vector, .ref_doc_id = "d" + id, .metadata = metadata.back()});
    }
    ASSERT_TRUE(store.add_entries(entries).is_ok());
  }

  using Passes = std::function<bool(const std::string& id, const Kept&)>;
  std::set<std::string> expected(const Vector& query, const Passes& passes) const {
    std::vector<std::pair<double, std::string>> exact;
    for (const auto& [id, kept] : kept_) {
      if (passes(id, kept)) exact.emplace_back(-cosine(query, kept.vector), id);
    }
    std::ranges::sort(exact);
    std::set<std::string> best;
    for (const auto& [similarity, id] : exact) {
      if (best.size() < kTop) best.insert(id);
    }
    return best;
  }
  // What share is found of the nearest that pass. As many are found as there are, and all pass.
  double recall(const KVVectorStore& store, const VectorStoreQuery& asked, const Passes& passes) {
    constexpr size_t kQueries = 30;
    size_t right = 0;
    size_t wanted = 0;
    for (size_t i = 0; i < kQueries; ++i) {
      VectorStoreQuery query = asked;
      query.query_embedding = clusters_.next(random_);
      query.similarity_top_k = kTop;
      const std::set<std::string> nearest = expected(query.query_embedding, passes);
      const auto found = store.query(query);
      if (!found) {
        ADD_FAILURE() << found.status().to_string();
        return 0;
      }
      EXPECT_EQ(found->ids.size(), nearest.size());
      for (size_t j = 0; j < found->ids.size(); ++j) {
        const Kept& kept = kept_.at(found->ids[j]);
        EXPECT_TRUE(passes(found->ids[j], kept)) << found->ids[j];
        EXPECT_DOUBLE_EQ(found->similarities[j], cosine(query.query_embedding, kept.vector));
        right += nearest.count(found->ids[j]);
      }
      wanted += nearest.size();
    }
    return static_cast<double>(right) / static_cast<double>(wanted);
  }
  void expect_all(const KVVectorStore& store) {
    EXPECT_GE(recall(store, {.filters = where("half", 1)},
                     [](const std::string&, const Kept& kept) { return kept.half == 1; }),
              0.95);
    EXPECT_GE(recall(store, {.filters = where("twentieth", 3)},
                     [](const std::string&, const Kept& kept) { return kept.twentieth == 3; }),
              0.97);
    EXPECT_GE(recall(store, {.filters = where("thousandth", 5)},
                     [](const std::string&, const Kept& kept) { return kept.thousandth == 5; }),
              0.97);
    EXPECT_GE(recall(store, {.filters = where("twentieth", 12, FilterOperator::GT)},
                     [](const std::string&, const Kept& kept) { return kept.twentieth > 12; }),
              0.95);
  }

  TempDir directory_;
  Random random_{test_seed()};
  Clusters clusters_{random_, 40, kDimensions, 0.7};
  std::shared_ptr<RocksDBKVStore> kv_;
  std::unique_ptr<KVVectorStore> store_;
  std::map<std::string, Kept> kept_;
};

TEST_F(AnnFilterTest, FindsTheNearestThatPass) {
  expect_all(*store_);
  const auto nobody = store_->query(
      {.query_embedding = clusters_.next(random_), .similarity_top_k = 5, .filters = where("half", 7)});
  ASSERT_TRUE(nobody.has_value());
  EXPECT_TRUE(nobody->ids.empty());
}

TEST_F(AnnFilterTest, FollowsChangesOfVectorsAndMetadata) {
  expect_all(*store_);
  std::vector<std::string> changed;
  for (int i = 0; i < 300; ++i) changed.push_back("n" + std::to_string(random_.below(kVectors + 200)));
  std::ranges::sort(changed);
  const auto repeated = std::ranges::unique(changed);
  changed.erase(repeated.begin(), repeated.end());
  add(*store_, changed);
  std::vector<std::string> gone;
  for (int i = 0; i < 300; ++i) gone.push_back("n" + std::to_string(random_.below(kVectors)));
  ASSERT_TRUE(store_->delete_nodes(gone).is_ok());
  for (const std::string& id : gone) kept_.erase(id);
  expect_all(*store_);
  ASSERT_TRUE(store_->use_ann(0.97).is_ok());
  expect_all(*store_);
}

TEST_F(AnnFilterTest, FollowsATransaction) {
  expect_all(*store_);
  const auto before = kept_;
  const auto transaction = *kv_->begin();
  KVVectorStore inside(transaction);
  add(inside, {"n1", "n2", "new"});
  ASSERT_TRUE(inside.delete_nodes(std::vector<std::string>{"n3"}).is_ok());
  kept_.erase("n3");
  expect_all(inside);
  const auto after = kept_;
  kept_ = before;
  expect_all(*store_);
  ASSERT_TRUE(transaction->commit().is_ok());
  kept_ = after;
  expect_all(*store_);
}

TEST_F(AnnFilterTest, OfNodeIdsAllAreCompared) {
  VectorStoreQuery asked;
  std::set<std::string> ids;
  while (ids.size() < 500) ids.insert("n" + std::to_string(random_.below(kVectors)));
  asked.node_ids.emplace(ids.begin(), ids.end());
  asked.node_ids->push_back(asked.node_ids->front());
  asked.node_ids->emplace_back("nobody");
  const auto listed = [&](const std::string& id, const Kept&) { return ids.contains(id); };
  EXPECT_EQ(recall(*store_, asked, listed), 1);
  asked.filters = where("half", 0);
  EXPECT_EQ(
      recall(*store_, asked,
             [&](const std::string& id, const Kept& kept) { return ids.contains(id) && kept.half == 0; }),
      1);
}

TEST_F(AnnFilterTest, FailsAsWithoutPartitions) {
  const Vector query = clusters_.next(random_);
  MetadataFilters fails{{MetadataFilter{"half", Json::from_string("text"), FilterOperator::GT}}};
  MetadataFilters nested{{where("half", 1)}};
  for (const MetadataFilters& filters : {fails, nested}) {
    const VectorStoreQuery asked{.query_embedding = query, .similarity_top_k = 3, .filters = filters};
    const auto near = store_->query(asked);
    ASSERT_TRUE(store_->drop_ann().is_ok());
    const auto exact = store_->query(asked);
    EXPECT_FALSE(exact.has_value());
    EXPECT_EQ(near.status().to_string(), exact.status().to_string());
    ASSERT_TRUE(store_->use_ann(0.97).is_ok());
  }
  // A vector without metadata, as an older version kept it.
  ASSERT_TRUE(kv_->delete_("n5", "vector_store/default/metadata").has_value());
  store_.reset();
  kv_.reset();
  kv_ = *RocksDBKVStore::open(directory_ / "db");
  store_ = std::make_unique<KVVectorStore>(kv_);
  EXPECT_EQ(store_->query({.query_embedding = query, .similarity_top_k = 3, .filters = where("half", 1)})
                .status()
                .code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace quipu::testing
