// The codes of vectors and queries, and what is known of their angles.

#include "engine/vectors/codes/vector_code.h"

#include <gtest/gtest.h>

#include <cmath>

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
  EXPECT_NEAR(query.sine, sine, 0.07 * sine);
  std::vector<uint8_t> code(kDimensions);
  const Direction fine = encode_vector(rotated, code.data()).fine;
  EXPECT_GT(fine.along, 0);
}

}  // namespace
}  // namespace quipu::testing
