// Every kernel that this processor can adds up what the plain one does, and that is right.

#include "engine/vectors/codes/code_kernels.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/random.h"

namespace quipu::testing {
namespace {

struct alignas(64) Line {
  std::array<uint8_t, 64> bytes;
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

int64_t product(const uint8_t* row, const std::vector<int8_t>& query) {
  int64_t sum = 0;
  for (size_t i = 0; i < query.size(); ++i) {
    const uint8_t byte = row[i / 64 * 32 + i % 32];
    sum += int64_t{i % 64 < 32 ? byte & 15 : byte >> 4} * query[i];
  }
  return sum;
}

TEST(CodeKernelsTest, RowsAndGroupsAddUp) {
  Random random(test_seed());
  for (const size_t chunks : {1, 2, 3, 6, 12, 16, 17, 33, 512}) {
    for (const bool extreme : {false, true}) {
      std::vector<Line> codes(kGroupRows * chunks / 2);
      for (Line& line : codes) {
        for (uint8_t& byte : line.bytes) byte = extreme ? 0xff : any_byte(random);
      }
      const GroupCodes group = {codes.front().bytes.data(), chunks, 4096};
      std::vector<std::vector<int8_t>> queries(53);
      std::vector<const int8_t*> pointers;
      for (std::vector<int8_t>& query : queries) {
        for (size_t i = 0; i < chunks * kElementsOfChunk; ++i) query.push_back(any_query(random, extreme));
        pointers.push_back(query.data());
      }
      std::vector<int32_t> expected;
      for (const std::vector<int8_t>& query : queries) {
        for (size_t row = 0; row < kGroupRows; ++row) {
          expected.push_back(static_cast<int32_t>(product(group.rows + row * chunks * kChunkBytes, query)));
        }
      }
      for (const CodeKernels& kernels : code_kernels()) {
        const std::string what = std::string(kernels.name) + ", chunks " + std::to_string(chunks);
        for (const size_t count : {1, 2, 5, 13, 16, 17, 32, 53}) {
          std::vector<int32_t> products((count + 1) * kGroupRows, -1);
          const QueryBlock block({pointers.begin(), pointers.begin() + static_cast<int64_t>(count)}, chunks);
          kernels.queries(group, block, products.data());
          const auto end = products.begin() + static_cast<int64_t>(count * kGroupRows);
          EXPECT_TRUE(std::equal(products.begin(), end, expected.begin())) << what << ", queries " << count;
          EXPECT_EQ(std::count(end, products.end(), -1), int64_t{kGroupRows}) << what;
          if (chunks != 1) continue;
          std::vector<uint8_t> turned(kGroupRows * kChunkBytes);
          for (size_t at = 0; at < turned.size(); ++at) {
            turned[turned_place(at / kChunkBytes, at % kChunkBytes)] = group.rows[at];
          }
          std::ranges::fill(products, -1);
          kernels.turned(turned.data(), block, products.data());
          EXPECT_TRUE(std::equal(products.begin(), end, expected.begin())) << what << ", turned, " << count;
          EXPECT_EQ(std::count(end, products.end(), -1), int64_t{kGroupRows}) << what;
        }
        std::vector<int32_t> of_group(kGroupRows, -1);
        kernels.group(group, pointers[0], of_group.data());
        for (size_t row = 0; row < kGroupRows; ++row) {
          const uint8_t* const of_row = group.rows + row * chunks * kChunkBytes;
          ASSERT_EQ(of_group[row], expected[row]) << what << ", row " << row;
          ASSERT_EQ(kernels.row(of_row, chunks, pointers[0]), expected[row]) << what << ", row " << row;
        }
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
