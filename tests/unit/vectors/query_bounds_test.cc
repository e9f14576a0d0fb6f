// What codes say of a similarity holds: for random vectors, and for those that come as near to the bounds as
// they can.

#include "engine/vectors/cascade/query_bounds.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/codes/similarity.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using Vector = std::vector<double>;

double number(Random& random) { return static_cast<double>(random.below(2'000'001)) / 1e6 - 1; }

Vector any_vector(Random& random, size_t dimensions) {
  Vector vector;
  for (size_t i = 0; i < dimensions; ++i) vector.push_back(number(random));
  vector[random.below(dimensions)] += 0.1;
  return vector;
}

// `from` with something added that is so many parts of its length.
Vector near(Random& random, const Vector& from, double parts) {
  Vector other = any_vector(random, from.size());
  const double factor = parts * norm_of(from) / norm_of(other);
  for (size_t i = 0; i < from.size(); ++i) other[i] = from[i] + factor * other[i];
  return other;
}

struct Products {
  int32_t upper = 0;
  int64_t whole = 0;
};

Products products_of(const VectorCodes& codes, size_t slot, const std::vector<int8_t>& query) {
  const CodeKernels& kernels = code_kernels().back();
  const int32_t upper = kernels.row(codes.upper_halves(slot), codes.chunks(), query.data());
  return {upper, 16 * int64_t{upper} + kernels.row(codes.lower_halves(slot), codes.chunks(), query.data())};
}

Products products_of(const VectorCodes& codes, size_t slot, const QueryBounds& bounds) {
  return products_of(codes, slot, bounds.query().code);
}

// By the whole code of a vector, and by its upper half.
struct BothBounds {
  ScoreBounds fine;
  ScoreBounds coarse;
};

BothBounds bounds_of(const VectorCodes& codes, size_t slot, const QueryBounds& bounds) {
  const Products products = products_of(codes, slot, bounds);
  const Products rest = products_of(codes, slot, bounds.query().remainder);
  const VectorCodes::Coarse& coarse = codes.coarse(slot / kGroupRows);
  const Direction direction = {coarse.along[slot % kGroupRows], coarse.across[slot % kGroupRows]};
  const double norm = codes.norm(slot);
  return {bounds.of(codes.fine(slot), norm, bounds.finer_of_bytes(products.whole, rest.whole)),
          bounds.of(direction, norm, bounds.finer_of_upper(products.upper, rest.upper))};
}

// What grows with the similarity.
double score_of(const Vector& query, const Vector& vector, SimilarityMode mode) {
  const double norm = norm_of(vector);
  if (mode == SimilarityMode::DEFAULT) return similarity(query, norm_of(query), vector, norm, mode);
  const double product = similarity(query, norm_of(query), vector, norm, SimilarityMode::DOT_PRODUCT);
  return mode == SimilarityMode::DOT_PRODUCT ? product : 2 * product - norm * norm;
}

class QueryBoundsTest : public ::testing::TestWithParam<size_t> {
 protected:
  // Vectors all around the query: alike, opposite, across, and at all angles between.
  void add_vectors() {
    const size_t dimensions = GetParam();
    query_ = any_vector(random_, dimensions);
    for (const double parts : {0.0, 1e-12, 1e-7, 1e-4, 1e-2, 0.1, 0.5, 1.0, 3.0, 20.0}) {
      for (const double sign : {1.0, -1.0}) {
        for (int i = 0; i < 6; ++i) {
          Vector vector = near(random_, query_, parts);
          if (norm_of(vector) < 1e-3 * norm_of(query_)) vector = query_;
          const double length = std::pow(10, 3 * number(random_)) * sign;
          for (double& element : vector) element *= length;
          codes_.add(vector);
          vectors_.push_back(vector);
        }
      }
    }
  }

  Random random_{test_seed()};
  Vector query_;
  VectorCodes codes_{GetParam()};
  std::vector<Vector> vectors_;
};

TEST_P(QueryBoundsTest, AScoreIsBetweenItsBounds) {
  add_vectors();
  for (const SimilarityMode mode :
       {SimilarityMode::DEFAULT, SimilarityMode::DOT_PRODUCT, SimilarityMode::EUCLIDEAN}) {
    const QueryBounds bounds(codes_, query_, mode);
    for (size_t slot = 0; slot < vectors_.size(); ++slot) {
      const auto [found, wide] = bounds_of(codes_, slot, bounds);
      const double score = score_of(query_, vectors_[slot], mode);
      EXPECT_LE(found.lower, score) << slot;
      EXPECT_GE(found.upper, score) << slot;
      EXPECT_LE(wide.lower, score) << slot;
      EXPECT_GE(wide.upper, score) << slot;
      if (mode == SimilarityMode::DEFAULT && GetParam() >= 16) {
        EXPECT_LE(found.upper - found.lower, 0.1) << slot;
      }
    }
  }
}

TEST_P(QueryBoundsTest, WhatReachesAThresholdReachesTheLimit) {
  add_vectors();
  for (const SimilarityMode mode :
       {SimilarityMode::DEFAULT, SimilarityMode::DOT_PRODUCT, SimilarityMode::EUCLIDEAN}) {
    QueryBounds bounds(codes_, query_, mode);
    for (size_t slot = 0; slot < vectors_.size(); ++slot) {
      bounds.set_threshold(score_of(query_, vectors_[slot], mode));
      const size_t group = slot / kGroupRows;
      const VectorCodes::Coarse& coarse = codes_.coarse(group);
      const CodeLimit limit = bounds.limit_for(codes_.norms(group));
      int32_t products[kGroupRows] = {};
      products[slot % kGroupRows] = products_of(codes_, slot, bounds).upper;
      const int64_t whole = 2 * products_of(codes_, slot, bounds).whole - bounds.shift_of_bytes();
      EXPECT_TRUE(limit.is_reached(codes_.fine(slot), whole)) << slot << ", mode " << static_cast<int>(mode);
      for (const CodeKernels& kernels : code_kernels()) {
        const uint64_t reaching = kernels.reaching(products, bounds.shift(), coarse.along, coarse.across,
                                                   limit.along, limit.across);
        EXPECT_TRUE((reaching >> slot % kGroupRows & 1) != 0)
            << kernels.name << ": vector " << slot << ", mode " << static_cast<int>(mode);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dimensions, QueryBoundsTest, ::testing::Values(1, 2, 3, 8, 17, 50, 128, 768));

// A cluster, whose cosines with the query are all near one: bounds are as narrow as the vector's code alone
// would have them, and a query's 8 bits would double that.
TEST(QueryBoundsOfClusterTest, AQuerysRemainderHalvesTheBounds) {
  constexpr size_t kDimensions = 384;
  Random random(test_seed());
  VectorCodes codes(kDimensions);
  const Vector query = any_vector(random, kDimensions);
  const QueryBounds bounds(codes, query, SimilarityMode::DEFAULT);
  EXPECT_LT(bounds.query().fine.sine, bounds.query().coarse.sine / 100);
  for (const double parts : {0.3, 1.0, 30.0}) {
    for (int i = 0; i < 50; ++i) {
      const Vector vector = near(random, query, parts);
      const size_t slot = codes.add(vector);
      const ScoreBounds found = bounds_of(codes, slot, bounds).fine;
      const double score = score_of(query, vector, SimilarityMode::DEFAULT);
      EXPECT_LE(found.lower, score);
      EXPECT_GE(found.upper, score);
      const Direction& fine = codes.fine(slot);
      const double sine_of_code = fine.across / std::hypot(fine.along, fine.across);
      EXPECT_LE(found.upper - found.lower, 2.1 * sine_of_code + 1e-4);
    }
  }
}

TEST(CodeLimitTest, FarVectorsDoNotReachIt) {
  Random random(test_seed());
  VectorCodes codes(128);
  const Vector query = any_vector(random, 128);
  for (size_t i = 0; i < kGroupRows; ++i) codes.add(any_vector(random, 128));
  QueryBounds bounds(codes, query, SimilarityMode::DEFAULT);
  bounds.set_threshold(0.9);
  for (size_t slot = 0; slot < kGroupRows; ++slot) {
    int32_t products[kGroupRows] = {};
    products[slot] = products_of(codes, slot, bounds).upper;
    const VectorCodes::Coarse& coarse = codes.coarse(0);
    const CodeLimit limit = bounds.limit_for(codes.norms(0));
    const uint64_t reaching = code_kernels().front().reaching(products, bounds.shift(), coarse.along,
                                                              coarse.across, limit.along, limit.across);
    EXPECT_EQ(reaching >> slot & 1, 0U) << slot;
  }
}

}  // namespace
}  // namespace quipu::testing
