// The first stage of exact search: whatever the vectors, the best by float64 are among its candidates.

#include "engine/vectors/vector_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/vectors/int8_dot.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using Vector = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double between(Random& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random.below(1'000'001)) / 1e6;
}

// One way to make vectors hard to tell apart, or far apart in size.
Vector odd_vector(Random& random, size_t dimensions, const Vector& base) {
  Vector vector(dimensions);
  const uint64_t kind = random.below(8);
  const double size = std::pow(10, between(random, -140, 140));
  for (size_t i = 0; i < dimensions; ++i) {
    const double element = between(random, -1, 1);
    switch (kind) {
      case 0: vector[i] = element * size; break;                        // any length
      case 1: vector[i] = base[i]; break;                               // all alike
      case 2: vector[i] = base[i] * (1 + 1e-9 * element); break;        // almost alike
      case 3: vector[i] = random.one_in(dimensions) ? size : 0; break;  // mostly zeros
      case 4: vector[i] = i == 0 ? 1 : element * 1e-3; break;           // one that outweighs the others
      case 5: vector[i] = element * std::pow(10, between(random, -12, 12)); break;
      case 6: vector[i] = -base[i]; break;
      default: vector[i] = element; break;
    }
  }
  if (!is_regular(norm_of(vector))) vector[0] = size;
  return vector;
}

// The candidates hold every vector that is as similar as the k-th best, ties included.
void expect_best_among(const std::vector<uint32_t>& candidates, const std::vector<Vector>& vectors,
                       const Vector& query, size_t k, SimilarityMode mode) {
  const double query_norm = norm_of(query);
  std::vector<double> similarities;
  for (const Vector& vector : vectors) {
    similarities.push_back(similarity(query, query_norm, vector, norm_of(vector), mode));
  }
  std::vector<double> sorted = similarities;
  std::ranges::sort(sorted, std::greater());
  std::vector<bool> found(vectors.size());
  for (const uint32_t slot : candidates) found.at(slot) = true;
  for (size_t i = 0; i < vectors.size(); ++i) {
    if (similarities[i] >= sorted[k - 1]) {
      EXPECT_TRUE(found[i]) << "vector " << i << " of " << vectors.size() << ", similarity "
                            << similarities[i] << ", k-th " << sorted[k - 1] << ", mode "
                            << static_cast<int>(mode) << ", dimensions " << query.size();
    }
  }
}

TEST(VectorBlockTest, TheBestAreAmongTheCandidates) {
  Random random(test_seed());
  for (const size_t dimensions : {1, 2, 31, 32, 33, 384, 4096}) {
    for (int round = 0; round < 6; ++round) {
      Vector base;
      for (size_t i = 0; i < dimensions; ++i) base.push_back(between(random, -1, 1) + 1e-3);
      VectorBlock block(dimensions);
      std::vector<Vector> vectors;
      for (int i = 0; i < 150; ++i) {
        vectors.push_back(odd_vector(random, dimensions, base));
        block.add(vectors.back());
      }
      ASSERT_FALSE(block.has_irregular());
      const Vector query = odd_vector(random, dimensions, base);
      for (const SimilarityMode mode :
           {SimilarityMode::DEFAULT, SimilarityMode::DOT_PRODUCT, SimilarityMode::EUCLIDEAN}) {
        for (const size_t k : {size_t{1}, size_t{10}, size_t{149}}) {
          expect_best_among(block.candidates(query, k, mode, nullptr), vectors, query, k, mode);
        }
      }
    }
  }
}

TEST(VectorBlockTest, LengthsBeyondFloat32AreTold) {
  for (const double size : {1e-120, 1e-25, 1.0, 1e25, 1e120}) {
    VectorBlock block(2);
    std::vector<Vector> vectors;
    for (int i = 0; i < 100; ++i) {
      vectors.push_back({size * (1 + i), size * (50 - i)});
      block.add(vectors.back());
    }
    for (const SimilarityMode mode : {SimilarityMode::DOT_PRODUCT, SimilarityMode::EUCLIDEAN}) {
      const Vector query = {size * 40, size * 12};
      const auto candidates = block.candidates(query, 3, mode, nullptr);
      expect_best_among(candidates, vectors, query, 3, mode);
      EXPECT_LT(candidates.size(), 30u) << size;  // and few others
    }
  }
}

TEST(VectorBlockTest, KnowsWhereItsBoundsDoNotHold) {
  for (const Vector& odd :
       {Vector{0, 0}, Vector{kNaN, 1}, Vector{1, kInfinity}, Vector{1e200, 1}, Vector{5e-324, 0}}) {
    VectorBlock block(2);
    block.add(Vector{1, 2});
    block.add(odd);
    block.add(Vector{2, 1});
    EXPECT_TRUE(block.has_irregular());
    block.set(1, Vector{3, 3});
    EXPECT_FALSE(block.has_irregular());
    block.set(0, odd);
    EXPECT_TRUE(block.has_irregular());
    block.move_last_to(0);
    EXPECT_FALSE(block.has_irregular());
  }
}

TEST(CodeScanTest, EveryKernelAddsUpTheSame) {
  Random random(test_seed());
  ASSERT_FALSE(code_scans().empty());
  EXPECT_STREQ(code_scans().back().name, "plain");
  for (const size_t stride : {32, 64, 96, 384, 4096}) {
    constexpr size_t kRows = 9;
    std::vector<int8_t> codes(kRows * stride);
    std::vector<int16_t> query(stride);
    const auto limit = static_cast<int64_t>(std::min<size_t>(32767, 2147483647 / (127 * stride)));
    for (int8_t& code : codes) {
      code = static_cast<int8_t>(random.one_in(3) ? 127 : static_cast<int>(random.below(255)) - 127);
    }
    for (int16_t& code : query) {
      const int64_t any = static_cast<int64_t>(random.below(static_cast<uint64_t>(2 * limit + 1))) - limit;
      code = static_cast<int16_t>(random.one_in(3) ? limit : any);
    }
    std::vector<int32_t> expected(kRows);
    for (size_t row = 0; row < kRows; ++row) {
      int64_t sum = 0;
      for (size_t i = 0; i < stride; ++i) sum += int64_t{codes[row * stride + i]} * query[i];
      expected[row] = static_cast<int32_t>(sum);
    }
    for (const CodeScan& kernel : code_scans()) {
      std::vector<int32_t> products(kRows);
      kernel.scan(codes.data(), stride, kRows, query.data(), products.data());
      EXPECT_EQ(products, expected) << kernel.name << " " << stride;
    }
  }
}

}  // namespace
}  // namespace quipu::testing
