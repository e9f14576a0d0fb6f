#include "engine/vectors/codes/page_buffer.h"

#include <gtest/gtest.h>

#include "tests/support/random.h"

namespace quipu::testing {
namespace {

TEST(PageBufferTest, KeepsWhatFitsAndIsZeroBehindIt) {
  Random random(test_seed());
  PageBuffer buffer;
  std::vector<uint8_t> expected;
  for (int i = 0; i < 300; ++i) {
    const size_t size = random.one_in(10) ? 0 : random.below(random.one_in(4) ? 200'000 : 9'000);
    buffer.resize(size);
    expected.resize(size);
    ASSERT_EQ(std::vector<uint8_t>(buffer.data(), buffer.data() + size), expected) << i;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0U);
    for (uint8_t& byte : expected) byte = static_cast<uint8_t>(random.below(256));
    if (size != 0) std::copy(expected.begin(), expected.end(), buffer.data());
  }
  PageBuffer other = std::move(buffer);
  other.resize(expected.size());
  EXPECT_EQ(std::vector<uint8_t>(other.data(), other.data() + expected.size()), expected);
}

}  // namespace
}  // namespace quipu::testing
