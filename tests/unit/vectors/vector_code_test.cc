// The codes of vectors and queries, and what is known of their angles.

#include "engine/vectors/codes/vector_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/vectors/codes/code_kernels.h"

namespace quipu::testing {
namespace {

// Many elements that are lost one by one beside a large one, but not together: an eighth of them at most may
// be.
TEST(CodedQueryTest, SmallElementsCount) {
  constexpr size_t kDimensions = 1 << 15;
  std::vector<float> rotated(kDimensions, 1e-8F);
  rotated[0] = 1;
  const CodedQuery query(rotated, kDimensions);
  EXPECT_EQ(query.code[0], 127);
  EXPECT_EQ(query.code[1], 0);
  const double sine = 1e-8 * std::sqrt(kDimensions - 1.0);
  EXPECT_NEAR(query.coarse.sine, sine, 0.07 * sine);
  std::vector<uint8_t> code(kDimensions);
  const Direction fine = encode_vector(rotated, code.data()).fine;
  EXPECT_GT(fine.along, 0);
}

// Whole numbers of both directions, at every dimension that leaves some elements over, and at the longest
// with every element as large as can be: no sum overflows.
TEST(CodedQueryTest, TheRemainderIsTheRestOfEachElement) {
  for (const size_t dimensions : {1, 7, 8, 9, 384, 1 << 15}) {
    std::vector<float> rotated(dimensions);
    for (size_t i = 0; i < dimensions; ++i) {
      rotated[i] = dimensions == 1 << 15 ? -1.0F : std::sin(static_cast<float>(i + 1));
    }
    const size_t padded = (dimensions + 63) / 64 * 64;
    const CodedQuery query(rotated, padded);
    const float largest =
        std::abs(*std::ranges::max_element(rotated, {}, [](float x) { return std::abs(x); }));
    int64_t coarse_sum = 0;
    int64_t fine_sum = 0;
    for (size_t i = 0; i < padded; ++i) {
      EXPECT_LE(std::abs(query.code[i]), kMaxQueryCode);
      EXPECT_LE(std::abs(query.remainder[i]), kMaxQueryCode);
      const int whole = kQueryStep * query.code[i] + query.remainder[i];
      const float element = i < dimensions ? rotated[i] : 0;
      EXPECT_NEAR(whole, element / largest * kQueryStep * kMaxQueryCode, 0.51) << i;
      coarse_sum += query.code[i];
      fine_sum += whole;
    }
    EXPECT_EQ(query.coarse.sum, coarse_sum);
    EXPECT_EQ(query.fine.sum, fine_sum);
    EXPECT_LE(query.fine.sine, 1e-4);
  }
}

}  // namespace
}  // namespace quipu::testing
