// Blocks of codes: what operands come to, in whatever order and groups they are folded.

#include "backends/rocksdb/format/code_block.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <vector>

#include "tests/support/random.h"

namespace quipu::rocks {
namespace {

using testing::Random;
using testing::test_seed;

constexpr uint32_t kDimensions = 20;
constexpr CodeKey kBlock{1, true, kDimensions, 0};
constexpr uint64_t kSequences = 256;

// Rows of odd sequences have rests.
std::string rest_of(uint64_t sequence, double norm, const VectorCode& code) {
  return sequence % 2 == 0 ? std::string()
                           : CodeRest::to_bytes("key " + std::to_string(norm), code, kDimensions);
}

// What one operand says of sequences: a norm, from which all of the row is made, or that the row is gone.
using Rows = std::map<uint64_t, std::optional<double>>;

std::vector<uint8_t> upper_of(double norm) {
  std::vector<uint8_t> upper(VectorEncoder::half_bytes(kDimensions));
  for (size_t i = 0; i < upper.size(); ++i) upper[i] = static_cast<uint8_t>(norm + static_cast<double>(i));
  return upper;
}

std::string operand_of(uint64_t sequence, std::optional<double> norm) {
  if (!norm) return make_code_removal(sequence);
  const std::vector<uint8_t> upper = upper_of(*norm);
  const auto along = static_cast<float>(*norm + 0.5);
  const VectorCode code{*norm, {along, -along}, {along, 1}, upper, upper};
  return make_code_operand(sequence, code, rest_of(sequence, *norm, code));
}

Rows rows_of(std::string_view bytes) {
  Rows rows;
  const std::optional<StoredBlock> block = StoredBlock::parse(bytes, kBlock);
  if (!block) {
    ADD_FAILURE() << "malformed";
    return rows;
  }
  for (size_t i = 0; i < block->removed; ++i) rows[block->removed_order(i)] = std::nullopt;
  for (size_t row = 0; row < block->rows; ++row) {
    const double norm = block->norm(row);
    EXPECT_TRUE(rows.emplace(block->order(row), norm).second) << "removed, and there";
    EXPECT_EQ(block->coarse(row).along, static_cast<float>(norm + 0.5));
    EXPECT_EQ(block->coarse(row).across, -static_cast<float>(norm + 0.5));
    EXPECT_EQ(std::vector<uint8_t>(block->upper_half(row).begin(), block->upper_half(row).end()),
              upper_of(norm));
    const std::string_view rest = block->rest(row);
    EXPECT_EQ(rest.empty(), block->order(row) % 2 == 0);
    if (rest.empty()) continue;
    const std::optional<CodeRest> parsed = CodeRest::parse(rest, kDimensions);
    EXPECT_TRUE(parsed.has_value());
    if (!parsed) continue;
    EXPECT_EQ(parsed->key, "key " + std::to_string(norm));
    EXPECT_EQ(parsed->fine.along, static_cast<float>(norm + 0.5));
    EXPECT_EQ(std::vector<uint8_t>(parsed->lower.begin(), parsed->lower.end()), upper_of(norm));
  }
  return rows;
}

std::string fold(const std::vector<std::string>& parts, bool whole) {
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  return fold_code_blocks(views, kBlock, whole);
}

TEST(CodeBlockTest, OperandsComeToTheSameInAnyGroups) {
  Random random(test_seed());
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> operands;
    Rows expected;
    for (uint64_t i = random.below(200); i-- > 0;) {
      const uint64_t sequence = random.below(2) == 0 ? expected.size() : random.below(kSequences);
      const auto norm =
          random.one_in(4) ? std::nullopt : std::optional(static_cast<double>(random.below(200)));
      operands.push_back(operand_of(sequence, norm));
      expected[sequence] = norm;
    }
    std::vector<std::string> groups;
    for (size_t begin = 0, end = 0; begin < operands.size(); begin = end) {
      end = std::min<size_t>(operands.size(), begin + 1 + random.below(30));
      groups.push_back(
          fold({operands.begin() + static_cast<int64_t>(begin), operands.begin() + static_cast<int64_t>(end)},
               /*whole=*/random.one_in(3) && begin == 0));
    }
    const std::string folded = fold(groups, /*whole=*/true);
    EXPECT_EQ(folded, fold(operands, /*whole=*/true));
    std::erase_if(expected, [](const auto& row) { return !row.second; });
    EXPECT_EQ(rows_of(folded), expected);
  }
}

TEST(CodeBlockTest, AnOperandKeepsWhatItRemoves) {
  const std::string folded =
      fold({operand_of(3, 1.0), operand_of(5, {}), operand_of(3, {}), operand_of(4, 2.0)},
           /*whole=*/false);
  EXPECT_EQ(rows_of(folded), (Rows{{3, std::nullopt}, {4, 2.0}, {5, std::nullopt}}));
}

TEST(CodeBlockTest, WhatIsMalformedStaysSo) {
  const std::string sound = operand_of(1, 7.0);
  std::vector<std::string> damaged = {"",
                                      "\1",
                                      sound + "x",
                                      sound.substr(0, sound.size() - 1),
                                      "\3" + sound.substr(1),
                                      std::string(kDamagedBlock),
                                      std::string("\1\0\xff\xff\xff\xff\xff\xff", 8)};
  for (const std::string& bytes : damaged) {
    EXPECT_FALSE(StoredBlock::parse(bytes, kBlock));
    for (const bool whole : {false, true}) {
      EXPECT_EQ(fold({sound, bytes, sound}, whole), kDamagedBlock);
    }
  }
  std::string twice = fold({operand_of(1, 1.0), operand_of(2, 2.0)}, true);
  twice[3] = 2;  // the first sequence
  EXPECT_FALSE(StoredBlock::parse(twice, kBlock));
}

TEST(CodeBlockTest, RestsThatDoNotFitAreMalformed) {
  const std::string sound = fold({operand_of(1, 1.0), operand_of(2, 2.0), operand_of(3, 3.0)}, true);
  const size_t ends = 3 + 3 * (8 + 8 + 4 + 4 + VectorEncoder::half_bytes(kDimensions));
  ASSERT_TRUE(StoredBlock::parse(sound, kBlock));
  // The first end is that of the second row, too, which has no rest; the last is that of the bytes.
  for (const size_t row : {0, 1, 2}) {
    for (const int change : {1, -1, 100}) {
      std::string bytes = sound;
      char& low = bytes[ends + row * sizeof(uint32_t)];
      low = static_cast<char>(low + change);
      EXPECT_FALSE(StoredBlock::parse(bytes, kBlock)) << row << " " << change;
    }
  }
}

TEST(CodeBlockTest, LargeVectorsHaveNoLowerHalvesInRests) {
  const std::vector<uint8_t> half(VectorEncoder::half_bytes(129), 9);
  EXPECT_EQ(CodeRest::to_bytes("a key", {1, {}, {3, 4}, half, half}, 129), "a key");
  const std::optional<CodeRest> rest = CodeRest::parse("a key", 129);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->key, "a key");
  EXPECT_TRUE(rest->lower.empty());
}

TEST(CodeBlockTest, KeysAreParsedAsTheyAreMade) {
  for (const bool is_block : {false, true}) {
    const auto make = is_block ? code_block_key : code_row_key;
    const std::string key = make(7, 768, 0x0102030405060708);
    const std::optional<CodeKey> parsed = parse_code_key(key);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->collection, 7u);
    EXPECT_EQ(parsed->is_block, is_block);
    EXPECT_EQ(parsed->dimensions, 768u);
    EXPECT_EQ(parsed->number, 0x0102030405060708u);
    EXPECT_FALSE(parse_code_key(key + "x"));
    EXPECT_FALSE(parse_code_key(std::string_view(key).substr(0, 10)));
  }
  EXPECT_FALSE(parse_code_key(std::string("\0\0\0\1x", 5) + std::string(12, '\0')));
}

TEST(CodeBlockTest, RowsAreParsedAsTheyAreMade) {
  const std::vector<uint8_t> lower(VectorEncoder::half_bytes(kDimensions), 9);
  const VectorCode code{1, {}, {3, 4}, {}, lower};
  const CodeKey key{1, false, kDimensions, 1000};
  const std::optional<uint64_t> largest = UINT64_MAX - 1;
  for (const std::optional<uint64_t> block : {{}, std::optional(CodeBlock::kFirstMoved), largest}) {
    const std::string value = make_code_row("a key", code, block);
    const std::optional<CodeRow> row = parse_code_row(value, key);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->block, block.value_or(1000 / 256));
    EXPECT_EQ(row->order, 1000u);
    EXPECT_EQ(row->dimensions, kDimensions);
    EXPECT_EQ(row->key, "a key");
    EXPECT_EQ(row->fine.along, 3);
    EXPECT_EQ(row->fine.across, 4);
    EXPECT_EQ(std::vector<uint8_t>(row->lower.begin(), row->lower.end()), lower);
    EXPECT_FALSE(parse_code_row(value + "x", key));
    EXPECT_FALSE(parse_code_row(std::string_view(value).substr(0, 4), key));
  }
  for (const uint64_t block : {uint64_t{3}, CodeBlock::kFirstMoved - 1}) {
    EXPECT_FALSE(parse_code_row(make_code_row("a key", code, block), key)) << block;
  }
}

}  // namespace
}  // namespace quipu::rocks
