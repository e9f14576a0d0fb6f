// What queries of partitions keep in memory: rows, and vectors that have been compared.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "engine/stores/partitions/compared_vectors.h"
#include "engine/stores/partitions/partition_cache.h"
#include "quipu/backend/vector_codes.h"
#include "tests/support/coded_rows.h"

namespace quipu::testing {
namespace {

TEST(ComparedVectorsTest, AreTheLastOnesWithinTheMemory) {
  Random random(test_seed());
  constexpr size_t kDimensions = 24;
  constexpr size_t kBytes = 12000;
  ComparedVectors vectors(kBytes);
  std::map<uint64_t, Vector> expected;
  size_t found = 0;
  for (int i = 0; i < 3000; ++i) {
    const uint64_t order = random.below(200);
    if (random.one_in(5)) {
      vectors.forget(order);
      expected.erase(order);
      continue;
    }
    const std::vector<uint64_t> asked = {order, random.below(200), 1000};
    size_t used = 0;
    const auto absent = vectors.use_those_there(asked, [&](size_t at, std::span<const double> elements) {
      ++used;
      ASSERT_TRUE(expected.contains(asked[at]));
      EXPECT_EQ(Vector(elements.begin(), elements.end()), expected.at(asked[at]));
    });
    EXPECT_EQ(used + absent.size(), asked.size());
    found += used;
    // As it was put first: what has changed is to be forgotten.
    Vector vector = random_vector(random, kDimensions);
    if (order % 2 == 0) {
      for (double& element : vector) element = static_cast<float>(element);
    }
    vectors.put(order, vector);
    if (!absent.empty() && absent.front() == 0) expected[order] = vector;
    EXPECT_LE(vectors.memory_bytes(), kBytes);
  }
  EXPECT_GT(found, 300U);
  vectors.clear();
  EXPECT_EQ(vectors.memory_bytes(), 0U);
  EXPECT_EQ(vectors.use_those_there(std::vector<uint64_t>{1, 2}, [](size_t, auto) { FAIL(); }).size(), 2U);
}

TEST(ComparedVectorsTest, OneThatDoesNotFitIsNotKept) {
  ComparedVectors vectors(100);
  vectors.put(1, Vector(50, 0.5));
  EXPECT_EQ(vectors.memory_bytes(), 0U);
}

TEST(PartitionCacheTest, KeepsWhatIsAskedForWithinTheMemory) {
  Random random(test_seed());
  constexpr size_t kDimensions = 32;
  const Rotation rotation(kDimensions);
  const auto rows_of = [&](size_t count) {
    CodedRows rows(kDimensions);
    for (uint64_t i = 0; i < count; ++i) {
      add_vector(i, random_vector(random, kDimensions), rotation, rows);
    }
    return std::make_shared<const PackedRows>(rows.view(), kDimensions);
  };
  const size_t bytes = 20 * rows_of(64)->memory_bytes();
  PartitionCache cache(bytes);
  std::map<uint64_t, PartitionCache::Rows> put;
  size_t found_often = 0;
  constexpr uint64_t kOften = CodeBlock::kFirstMoved + 5;
  for (int i = 0; i < 400; ++i) {
    for (const uint64_t partition : {kOften, CodeBlock::kFirstMoved + random.below(60)}) {
      std::vector<uint64_t> asked = {partition};
      std::vector<PartitionCache::Rows> found;
      cache.get(asked, found);
      ASSERT_EQ(asked.size() + found.size(), 1U);
      if (!found.empty()) {
        EXPECT_EQ(found.front(), put.at(partition));
        found_often += partition == kOften ? 1 : 0;
        continue;
      }
      put[partition] = rows_of(64);
      cache.put(partition, put[partition]);
    }
    if (random.one_in(20)) {
      const uint64_t erased = CodeBlock::kFirstMoved + random.below(60);
      cache.erase(erased);
      std::vector<uint64_t> asked = {erased};
      std::vector<PartitionCache::Rows> found;
      cache.get(asked, found);
      EXPECT_TRUE(found.empty());
    }
    EXPECT_LE(cache.memory_bytes(), bytes + 64 * 64);
  }
  EXPECT_GT(found_often, 350U);
  cache.clear();
  std::vector<uint64_t> asked = {kOften};
  std::vector<PartitionCache::Rows> found;
  cache.get(asked, found);
  EXPECT_TRUE(found.empty());
}

}  // namespace
}  // namespace quipu::testing
