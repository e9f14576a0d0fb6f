#include "backends/rocksdb/format/code_block.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "backends/rocksdb/format/record.h"

namespace quipu::rocks {
namespace {

constexpr char kBlocks = 'b';
constexpr char kRows = 'r';
constexpr char kBlockForm = 0x01;

void put_u64(uint64_t value, std::string& out) {
  put_u32(static_cast<uint32_t>(value >> 32), out);
  put_u32(static_cast<uint32_t>(value), out);
}

template <class Number>
Number load(const char* at) {
  Number number;
  std::memcpy(&number, at, sizeof(number));
  return number;
}

template <class Number>
void append(Number number, std::string& out) {
  out.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string prefix_of(uint32_t collection, char kind) {
  std::string prefix;
  put_u32(collection, prefix);
  return prefix += kind;
}

std::string key_of(uint32_t collection, char kind, uint32_t dimensions, uint64_t number) {
  std::string key = prefix_of(collection, kind);
  put_u32(dimensions, key);
  put_u64(number, key);
  return key;
}

void put_head(size_t removed, size_t rows, std::string& out) {
  out += kBlockForm;
  put_varint(removed, out);
  put_varint(rows, out);
}

// What one of several blocks says of one sequence.
struct Change {
  uint64_t sequence;
  uint32_t part;
  uint32_t row;
  bool removes;
};

bool is_ascending(const CodeBlock& block) {
  for (size_t i = 1; i < block.removed(); ++i) {
    if (block.removed_sequence(i - 1) >= block.removed_sequence(i)) return false;
  }
  for (size_t row = 1; row < block.rows(); ++row) {
    if (block.sequence(row - 1) >= block.sequence(row)) return false;
  }
  return true;
}

// By sequence, each as the newest part has it.
std::vector<Change> newest_changes(const std::vector<CodeBlock>& parts) {
  std::vector<Change> changes;
  for (uint32_t part = 0; part < parts.size(); ++part) {
    const CodeBlock& block = parts[part];
    for (uint32_t i = 0; i < block.removed(); ++i) {
      changes.push_back({block.removed_sequence(i), part, i, true});
    }
    for (uint32_t row = 0; row < block.rows(); ++row) {
      changes.push_back({block.sequence(row), part, row, false});
    }
  }
  const auto before = [](const Change& a, const Change& b) {
    return a.sequence != b.sequence ? a.sequence < b.sequence : a.part > b.part;
  };
  if (!std::ranges::is_sorted(changes, before)) std::ranges::sort(changes, before);
  const auto repeated = std::ranges::unique(changes, {}, &Change::sequence);
  changes.erase(repeated.begin(), repeated.end());
  return changes;
}

}  // namespace

std::string code_blocks_prefix(uint32_t collection) { return prefix_of(collection, kBlocks); }
std::string code_rows_prefix(uint32_t collection) { return prefix_of(collection, kRows); }

std::string code_block_key(uint32_t collection, uint32_t dimensions, uint64_t block) {
  return key_of(collection, kBlocks, dimensions, block);
}

std::string code_row_key(uint32_t collection, uint32_t dimensions, uint64_t sequence) {
  return key_of(collection, kRows, dimensions, sequence);
}

std::optional<CodeKey> parse_code_key(std::string_view key) {
  CodeKey parsed;
  if (!take_u32(key, parsed.collection) || key.empty()) return std::nullopt;
  parsed.is_block = key.front() == kBlocks;
  if (!parsed.is_block && key.front() != kRows) return std::nullopt;
  key.remove_prefix(1);
  uint32_t high = 0;
  uint32_t low = 0;
  if (!take_u32(key, parsed.dimensions) || !take_u32(key, high) || !take_u32(key, low) || !key.empty()) {
    return std::nullopt;
  }
  parsed.number = uint64_t{high} << 32 | low;
  return parsed;
}

std::optional<CodeBlock> CodeBlock::parse(std::string_view bytes, uint32_t dimensions) {
  constexpr uint64_t kMost = uint64_t{1} << 32;
  uint64_t removed = 0;
  uint64_t rows = 0;
  if (!bytes.starts_with(kBlockForm)) return std::nullopt;
  bytes.remove_prefix(1);
  if (!take_varint(bytes, removed) || !take_varint(bytes, rows) || removed > kMost || rows > kMost) {
    return std::nullopt;
  }
  CodeBlock block;
  block.removed_ = removed;
  block.rows_ = rows;
  block.upper_bytes_ = VectorEncoder::half_bytes(dimensions);
  constexpr size_t kOfARow = sizeof(uint64_t) + sizeof(double) + sizeof(VectorCode::Direction);
  if (bytes.size() != removed * sizeof(uint64_t) + rows * (kOfARow + block.upper_bytes_)) return std::nullopt;
  block.numbers_ = bytes.data();
  block.norms_ = block.numbers_ + (removed + rows) * sizeof(uint64_t);
  block.uppers_ = block.norms_ + rows * (sizeof(double) + sizeof(VectorCode::Direction));
  return is_ascending(block) ? std::optional(block) : std::nullopt;
}

uint64_t CodeBlock::number(size_t i) const { return load<uint64_t>(numbers_ + i * sizeof(uint64_t)); }

double CodeBlock::norm(size_t row) const { return load<double>(norms_ + row * sizeof(double)); }

VectorCode::Direction CodeBlock::coarse(size_t row) const {
  const char* const along = norms_ + rows_ * sizeof(double) + row * sizeof(float);
  return {load<float>(along), load<float>(along + rows_ * sizeof(float))};
}

std::span<const uint8_t> CodeBlock::upper(size_t row) const {
  return bytes_of({uppers_ + row * upper_bytes_, upper_bytes_});
}

std::string make_code_operand(uint64_t sequence, const VectorCode& code) {
  std::string operand;
  put_head(0, 1, operand);
  append(sequence, operand);
  append(code.norm, operand);
  append(code.coarse.along, operand);
  append(code.coarse.across, operand);
  return operand += text_of(code.upper);
}

std::string make_code_removal(uint64_t sequence) {
  std::string operand;
  put_head(1, 0, operand);
  append(sequence, operand);
  return operand;
}

std::string fold_code_blocks(std::span<const std::string_view> parts, uint32_t dimensions, bool whole) {
  std::vector<CodeBlock> blocks;
  for (const std::string_view part : parts) {
    const std::optional<CodeBlock> block = CodeBlock::parse(part, dimensions);
    if (!block) return std::string(kDamagedBlock);
    blocks.push_back(*block);
  }
  std::vector<Change> rows = newest_changes(blocks);
  std::string folded;
  std::string removed;
  size_t removed_count = 0;
  std::erase_if(rows, [&](const Change& change) {
    if (!change.removes) return false;
    if (!whole) append(change.sequence, removed), ++removed_count;
    return true;
  });
  folded.reserve(16 + removed.size() + rows.size() * (24 + VectorEncoder::half_bytes(dimensions)));
  put_head(removed_count, rows.size(), folded);
  folded += removed;
  for (const Change& row : rows) append(row.sequence, folded);
  for (const Change& row : rows) append(blocks[row.part].norm(row.row), folded);
  for (const Change& row : rows) append(blocks[row.part].coarse(row.row).along, folded);
  for (const Change& row : rows) append(blocks[row.part].coarse(row.row).across, folded);
  for (const Change& row : rows) folded += text_of(blocks[row.part].upper(row.row));
  return folded;
}

std::string make_code_row(std::string_view key, const VectorCode& code) {
  std::string value;
  put_varint(0, value);
  put_bytes(key, value);
  append(code.fine.along, value);
  append(code.fine.across, value);
  return value += text_of(code.lower);
}

std::optional<CodeRow> parse_code_row(std::string_view value, uint32_t dimensions) {
  CodeRow row;
  uint64_t block = 0;
  if (!take_varint(value, block) || !take_bytes(value, row.key)) return std::nullopt;
  if (value.size() != sizeof(row.fine) + VectorEncoder::half_bytes(dimensions)) return std::nullopt;
  if (block != 0) row.block = block - 1;
  row.fine = {load<float>(value.data()), load<float>(value.data() + sizeof(float))};
  row.lower = bytes_of(value.substr(sizeof(row.fine)));
  return row;
}

}  // namespace quipu::rocks
