#include "engine/vectors/codes/rotation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/vectors/codes/vector_code.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using Floats = std::vector<float>;

Floats any_vector(Random& random, size_t dimensions) {
  Floats vector;
  for (size_t i = 0; i < dimensions; ++i) {
    vector.push_back(static_cast<float>(random.below(2'000'001)) / 1e6F - 1);
  }
  return vector;
}

double product(const Floats& a, const Floats& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

TEST(RotationTest, KeepsProducts) {
  Random random(test_seed());
  for (const size_t dimensions : {1, 2, 3, 7, 16, 50, 100, 384, 768, 1536}) {
    const Rotation rotation(dimensions);
    for (int i = 0; i < 20; ++i) {
      Floats a = any_vector(random, dimensions);
      Floats b = any_vector(random, dimensions);
      const double before = product(a, b);
      const double lengths = std::sqrt(product(a, a) * product(b, b));
      rotation.apply(a.data());
      rotation.apply(b.data());
      EXPECT_NEAR(product(a, b), before, 3 * rotation.error() * lengths) << dimensions;
    }
  }
}

TEST(RotationTest, SpreadsWhatOneElementHas) {
  for (const size_t dimensions : {64, 100, 384, 768}) {
    const Rotation rotation(dimensions);
    for (size_t i = 0; i < dimensions; ++i) {
      Floats one(dimensions);
      one[i] = 1;
      rotation.apply(one.data());
      for (const float element : one) EXPECT_LT(std::abs(element), 0.7) << dimensions << " " << i;
    }
  }
}

// What is stored of a vector may not come to mean something else.
TEST(RotationTest, IsTheSameInEveryVersion) {
  Floats vector;
  for (int i = 0; i < 12; ++i) vector.push_back(static_cast<float>(i * i % 7) - 2.5F);
  Rotation(12).apply(vector.data());
  std::vector<uint8_t> code(12);
  encode_vector(vector, code.data());
  EXPECT_EQ(code, std::vector<uint8_t>({193, 77, 98, 20, 255, 137, 131, 68, 86, 158, 194, 160}));
}

}  // namespace
}  // namespace quipu::testing
