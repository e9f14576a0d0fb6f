// Every kernel that this processor can adds up what the plain one does, and that is right.

#include "engine/vectors/codes/code_kernels.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/random.h"

namespace quipu::testing {
namespace {

struct alignas(64) Step {
  std::array<uint8_t, kStepBytes> bytes;
};

uint8_t any_byte(Random& random) { return random.one_in(3) ? 0xff : static_cast<uint8_t>(random.below(256)); }

int8_t any_query(Random& random, bool extreme) {
  if (extreme) return kMaxQueryCode;
  return static_cast<int8_t>(static_cast<int>(random.below(2 * kMaxQueryCode + 1)) - kMaxQueryCode);
}

TEST(CodeKernelsTest, ThePlainOneIsLast) {
  ASSERT_FALSE(code_kernels().empty());
  EXPECT_STREQ(code_kernels().back().name, "plain");
}

int64_t product(const uint8_t* block, size_t row, const std::vector<int8_t>& query) {
  int64_t sum = 0;
  for (size_t i = 0; i < query.size(); ++i) {
    const uint8_t byte = block[i / 8 * kStepBytes + 4 * row + i % 4];
    sum += int64_t{i % 8 < 4 ? byte & 15 : byte >> 4} * query[i];
  }
  return sum;
}

TEST(CodeKernelsTest, BlocksAndGroupsAddUp) {
  Random random(test_seed());
  for (const size_t steps : {1, 3, 4, 5, 7, 8, 48, 96, 513}) {
    for (const bool extreme : {false, true}) {
      std::vector<Step> codes(kBlocks * steps);
      for (Step& step : codes) {
        for (uint8_t& byte : step.bytes) byte = extreme ? 0xff : any_byte(random);
      }
      const uint8_t* const group = codes.front().bytes.data();
      std::vector<std::vector<int8_t>> queries(13);
      std::vector<const int8_t*> pointers;
      for (std::vector<int8_t>& query : queries) {
        for (size_t i = 0; i < steps * kElementsOfStep; ++i) query.push_back(any_query(random, extreme));
        pointers.push_back(query.data());
      }
      for (const CodeKernels& kernels : code_kernels()) {
        for (const size_t count : {size_t{1}, size_t{5}, queries.size()}) {
          std::vector<int32_t> of_block(count * kGroupRows, -1);
          std::vector<int32_t> of_group(count * kGroupRows, -1);
          kernels.block(group, steps, pointers.data(), count, of_block.data());
          kernels.group(group, steps, 4096, pointers.data(), count, of_group.data());
          for (size_t q = 0; q < count; ++q) {
            for (size_t row = 0; row < kGroupRows; ++row) {
              const uint8_t* const block = group + row / kBlockRows * steps * kStepBytes;
              const int64_t expected = product(block, row % kBlockRows, queries[q]);
              const size_t at = q * kGroupRows + row;
              ASSERT_EQ(of_group[at], expected) << kernels.name << ", steps " << steps << ", row " << row;
              ASSERT_EQ(of_block[at], row < kBlockRows ? expected : -1)
                  << kernels.name << ", steps " << steps;
            }
          }
        }
      }
    }
  }
}

TEST(CodeKernelsTest, RowsAddUp) {
  Random random(test_seed());
  for (const size_t chunks : {1, 2, 6, 12, 300}) {
    for (const bool extreme : {false, true}) {
      std::vector<uint8_t> codes;
      std::vector<int8_t> query;
      for (size_t i = 0; i < chunks * kChunkBytes; ++i) codes.push_back(extreme ? 0xff : any_byte(random));
      for (size_t i = 0; i < chunks * kElementsOfChunk; ++i) query.push_back(any_query(random, extreme));
      int64_t sum = 0;
      for (size_t i = 0; i < query.size(); ++i) {
        const uint8_t byte = codes[i / 64 * 32 + i % 32];
        sum += int64_t{i % 64 < 32 ? byte & 15 : byte >> 4} * query[i];
      }
      for (const CodeKernels& kernels : code_kernels()) {
        EXPECT_EQ(kernels.row(codes.data(), chunks, query.data()), sum)
            << kernels.name << ", chunks " << chunks;
      }
    }
  }
}

TEST(CodeKernelsTest, RowsThatReachALimitAreTold) {
  Random random(test_seed());
  int32_t products[kGroupRows];
  float along[kGroupRows];
  float across[kGroupRows];
  uint64_t expected = 0;
  for (size_t row = 0; row < kGroupRows; ++row) {
    along[row] = static_cast<float>(random.below(100));
    across[row] = static_cast<float>(random.below(100));
    const auto limit = static_cast<int32_t>(3 * along[row] - 2 * across[row]);
    const auto off = static_cast<int32_t>(random.below(3)) - 1;  // below, equal, above
    products[row] = limit + off + 5;  // 2 * product - 10 is compared with twice the limit
    if (off >= 0) expected |= uint64_t{1} << row;
  }
  for (const CodeKernels& kernels : code_kernels()) {
    EXPECT_EQ(kernels.reaching(products, 10, along, across, 6, 4), expected) << kernels.name;
  }
}

}  // namespace
}  // namespace quipu::testing
