// Exact search of a store that is large enough for sketches: before they are made, while they are, and when
// vectors change afterwards, what is found is what float64 finds.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using Vector = std::vector<double>;

constexpr size_t kDimensions = 256;
constexpr size_t kVectors = 17000;
constexpr uint64_t kOfSketches = kVectors * 44;

double product(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double similarity_of(const Vector& a, const Vector& b, SimilarityMode mode) {
  if (mode == SimilarityMode::DOT_PRODUCT) return product(a, b);
  if (mode == SimilarityMode::EUCLIDEAN) return -std::sqrt(product(a, a) - 2 * product(a, b) + product(b, b));
  return product(a, b) / std::sqrt(product(a, a) * product(b, b));
}

class SketchedSearchTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  void SetUp() override {
    for (int i = 0; i < 12; ++i) space_.push_back(uniform());
    RocksDBOptions options;
    options.search_memory_bytes = GetParam();
    kvstore_ = *RocksDBKVStore::open(directory_ / "db", options);
    store_ = std::make_unique<KVVectorStore>(kvstore_);
    for (size_t begin = 0; begin < kVectors; begin += 1000) {
      std::map<std::string, Vector> some;
      for (size_t i = begin; i < begin + 1000; ++i) some["n" + std::to_string(i)] = vector();
      put(some);
    }
  }

  double element() { return static_cast<double>(random_.below(2001)) / 1000 - 1; }
  Vector uniform() {
    Vector uniform;
    for (size_t i = 0; i < kDimensions; ++i) uniform.push_back(element());
    return uniform;
  }
  // Near some directions; some of them are alike, and some longer than others.
  Vector vector() {
    if (random_.one_in(50)) return space_[random_.below(3)];
    Vector vector = uniform();
    for (double& each : vector) each *= 0.2;
    for (const Vector& direction : space_) {
      const double part = element();
      for (size_t i = 0; i < kDimensions; ++i) vector[i] += part * direction[i];
    }
    if (random_.one_in(3)) {
      for (double& each : vector) each *= 3;
    }
    return vector;
  }

  void put(const std::map<std::string, Vector>& vectors) {
    std::vector<VectorStoreEntry> entries;
    for (const auto& [id, elements] : vectors) {
      entries.push_back({.id = id, .embedding = elements});
      expected_[id] = elements;
    }
    ASSERT_TRUE(store_->add_entries(entries).is_ok());
  }

  VectorStoreQuery some_query(SimilarityMode mode) {
    VectorStoreQuery query;
    query.query_embedding = vector();
    query.similarity_top_k = static_cast<int>(1 + random_.below(20));
    query.similarity = mode;
    return query;
  }

  void expect_best(const VectorStoreQuery& query, const VectorStoreQueryResult& found) {
    Vector all;
    for (const auto& [id, elements] : expected_) {
      all.push_back(similarity_of(query.query_embedding, elements, query.similarity));
    }
    std::ranges::sort(all, std::greater());
    ASSERT_EQ(found.ids.size(), static_cast<size_t>(query.similarity_top_k));
    for (size_t i = 0; i < found.ids.size(); ++i) {
      const double own = similarity_of(query.query_embedding, expected_.at(found.ids[i]), query.similarity);
      EXPECT_NEAR(own, all[i], 1e-9 * (1 + std::abs(all[i]))) << i;
      EXPECT_NEAR(found.similarities[i], all[i], 1e-9 * (1 + std::abs(all[i]))) << i;
    }
  }

  void expect_finds_the_best() {
    std::vector<VectorStoreQuery> queries;
    for (const SimilarityMode mode :
         {SimilarityMode::DEFAULT, SimilarityMode::DOT_PRODUCT, SimilarityMode::EUCLIDEAN}) {
      queries.push_back(some_query(mode));
      queries.push_back(some_query(mode));
    }
    const auto together = store_->query_all(queries);
    ASSERT_TRUE(together) << together.error().to_string();
    for (size_t i = 0; i < queries.size(); ++i) {
      const auto alone = store_->query(queries[i]);
      ASSERT_TRUE(alone) << alone.error().to_string();
      expect_best(queries[i], *alone);
      EXPECT_EQ(alone->ids, (*together)[i].ids);
    }
  }

  uint64_t bytes() const { return search_indexes(*kvstore_).at(0).memory_bytes; }

  // Until there are sketches.
  void ask_often() {
    const uint64_t before = bytes();
    std::vector<VectorStoreQuery> queries(64, some_query(SimilarityMode::DEFAULT));
    for (int i = 0; bytes() < before + kOfSketches; ++i) {
      ASSERT_LT(i, 100);
      ASSERT_TRUE(store_->query_all(queries));
    }
  }

  TempDir directory_;
  Random random_{test_seed()};
  std::vector<Vector> space_;
  std::map<std::string, Vector> expected_;
  std::shared_ptr<RocksDBKVStore> kvstore_;
  std::unique_ptr<KVVectorStore> store_;
};

TEST_P(SketchedSearchTest, FindsTheBestBeforeAndAfter) {
  expect_finds_the_best();
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([this, query = some_query(SimilarityMode::DEFAULT)] {
      for (int asked = 0; asked < 50; ++asked) EXPECT_TRUE(store_->query(query));
    });
  ask_often();
  for (std::thread& thread : threads) thread.join();
  expect_finds_the_best();
  std::map<std::string, Vector> changed;
  std::vector<std::string> gone;
  for (int i = 0; i < 300; ++i) changed["n" + std::to_string(random_.below(kVectors + 200))] = vector();
  put(changed);
  for (int i = 0; i < 300; ++i) gone.push_back("n" + std::to_string(random_.below(kVectors)));
  ASSERT_TRUE(store_->delete_nodes(gone, nullptr).is_ok());
  for (const std::string& id : gone) expected_.erase(id);
  expect_finds_the_best();
}

// 7.5 MB hold the upper halves of codes alone, without ids, and 2.7 MB no sketches beside these.
INSTANTIATE_TEST_SUITE_P(Budgets, SketchedSearchTest, ::testing::Values(uint64_t{1} << 30, 7'500'000));

class SketchesWithoutRoomTest : public SketchedSearchTest {};

TEST_P(SketchesWithoutRoomTest, AreNotMade) {
  expect_finds_the_best();
  const uint64_t before = bytes();
  const std::vector<VectorStoreQuery> queries(64, some_query(SimilarityMode::DEFAULT));
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(store_->query_all(queries));
  EXPECT_EQ(bytes(), before);
  expect_finds_the_best();
}

INSTANTIATE_TEST_SUITE_P(Budgets, SketchesWithoutRoomTest, ::testing::Values(2'700'000));

}  // namespace
}  // namespace quipu::testing
