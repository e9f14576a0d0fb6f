#include "engine/text/postings/bit_packing.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using Numbers = std::array<uint32_t, kPackedNumbers>;

TEST(BitPackingTest, EveryWidthComesBack) {
  Random random(test_seed());
  for (uint32_t width = 0; width <= 32; ++width) {
    Numbers numbers;
    for (uint32_t& number : numbers) {
      number = width == 0 ? 0 : static_cast<uint32_t>(random.below(uint64_t{1} << width));
    }
    if (width != 0) numbers[random.below(kPackedNumbers)] |= uint32_t{1} << (width - 1);
    EXPECT_EQ(width, packing_width(numbers));
    std::string bytes = "before";
    pack(numbers, width, bytes);
    ASSERT_EQ(6 + packed_bytes(width), bytes.size());
    Numbers read;
    unpack(bytes.data() + 6, width, read);
    EXPECT_EQ(numbers, read) << width;
  }
}

TEST(BitPackingTest, DifferencesAreAddedUp) {
  Random random(test_seed());
  for (const uint32_t width : {0U, 1U, 7U, 20U}) {
    const uint32_t before = static_cast<uint32_t>(random.below(1000)) - 1;  // -1 among them
    Numbers rows;
    Numbers differences;
    uint32_t row = before;
    for (size_t i = 0; i < kPackedNumbers; ++i) {
      differences[i] = width == 0 ? 0 : static_cast<uint32_t>(random.below(uint64_t{1} << width));
      rows[i] = row += differences[i] + 1;
    }
    std::string bytes;
    pack(differences, width, bytes);
    Numbers read;
    unpack_rising(bytes.data(), width, before, read);
    EXPECT_EQ(rows, read) << width;
  }
}

TEST(BitPackingTest, TheBytesAreAsTheFormatHasThem) {
  Numbers numbers{};
  numbers[0] = 1;    // lane 0, lowest bits
  numbers[1] = 2;    // lane 1
  numbers[4] = 3;    // lane 0, behind the first
  numbers[127] = 7;  // lane 3, highest bits
  std::string bytes;
  pack(numbers, 3, bytes);
  std::string expected(48, '\0');
  expected[0] = 1 | 3 << 3;
  expected[4] = 2;
  expected[47] = static_cast<char>(0xe0);
  EXPECT_EQ(expected, bytes);
}

}  // namespace
}  // namespace quipu::testing
