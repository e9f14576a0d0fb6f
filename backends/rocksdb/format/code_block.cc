#include "backends/rocksdb/format/code_block.h"

#include <algorithm>
#include <cstring>
#include <ranges>
#include <vector>

#include "backends/rocksdb/format/record.h"

namespace quipu::rocks {
namespace {

constexpr char kBlocks = 'b';
constexpr char kRows = 'r';
constexpr char kNotes = 'p';
constexpr char kBlockForm = 0x01;
constexpr size_t kOfARow = sizeof(uint64_t) + sizeof(double) + sizeof(VectorCode::Direction);  // and its half
constexpr char kRestsForm = 0x02;  // that with rests

void put_u64(uint64_t value, std::string& out) {
  put_u32(static_cast<uint32_t>(value >> 32), out);
  put_u32(static_cast<uint32_t>(value), out);
}

template <class Number>
Number load(const uint8_t* at) {
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

void put_head(char form, size_t removed, size_t rows, std::string& out) {
  out += form;
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

bool is_ascending(const StoredBlock& block) {
  for (size_t i = 1; i < block.removed; ++i) {
    if (block.removed_order(i - 1) >= block.removed_order(i)) return false;
  }
  for (size_t row = 1; row < block.rows; ++row) {
    if (block.order(row - 1) >= block.order(row)) return false;
  }
  return true;
}

bool has_sound_rests(const StoredBlock& block, size_t bytes) {
  uint32_t before = 0;
  for (size_t row = 0; row < block.rows; ++row) {
    const auto end = load<uint32_t>(block.rest_ends + row * sizeof(uint32_t));
    if (end < before || end > bytes) return false;
    before = end;
    const std::string_view rest = block.rest(row);
    if (!rest.empty() && !CodeRest::parse(rest, block.dimensions)) return false;
  }
  return before == bytes;
}

// By sequence, each as the newest part has it.
std::vector<Change> newest_changes(const std::vector<StoredBlock>& parts) {
  std::vector<Change> changes;
  for (uint32_t part = 0; part < parts.size(); ++part) {
    const StoredBlock& block = parts[part];
    for (uint32_t i = 0; i < block.removed; ++i) changes.push_back({block.removed_order(i), part, i, true});
    for (uint32_t row = 0; row < block.rows; ++row) changes.push_back({block.order(row), part, row, false});
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
std::string code_notes_prefix(uint32_t collection) { return prefix_of(collection, kNotes); }

std::string code_rows_prefix(uint32_t collection, uint32_t dimensions) {
  std::string prefix = code_rows_prefix(collection);
  put_u32(dimensions, prefix);
  return prefix;
}

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

std::optional<StoredBlock> StoredBlock::parse(std::string_view bytes, const CodeKey& key) {
  constexpr uint64_t kMost = uint64_t{1} << 32;
  uint64_t removed = 0;
  uint64_t rows = 0;
  const bool has_rests = bytes.starts_with(kRestsForm);
  if (!has_rests && !bytes.starts_with(kBlockForm)) return std::nullopt;
  bytes.remove_prefix(1);
  if (!take_varint(bytes, removed) || !take_varint(bytes, rows) || removed > kMost || rows > kMost) {
    return std::nullopt;
  }
  const size_t of_a_row =
      kOfARow + VectorEncoder::half_bytes(key.dimensions) + (has_rests ? sizeof(uint32_t) : 0);
  const size_t size = removed * sizeof(uint64_t) + rows * of_a_row;
  if (has_rests ? bytes.size() < size : bytes.size() != size) return std::nullopt;
  StoredBlock block;
  block.number = key.number;
  block.dimensions = key.dimensions;
  block.rows = rows;
  block.removed = removed;
  block.removed_orders = bytes_of(bytes).data();
  block.orders = block.removed_orders + removed * sizeof(uint64_t);
  block.norms = block.orders + rows * sizeof(uint64_t);
  block.along = block.norms + rows * sizeof(double);
  block.across = block.along + rows * sizeof(float);
  block.upper = block.across + rows * sizeof(float);
  if (has_rests) {
    block.rests = bytes.data() + size;
    block.rest_ends = bytes_of(bytes).data() + size - rows * sizeof(uint32_t);
    if (!has_sound_rests(block, bytes.size() - size)) return std::nullopt;
  }
  return is_ascending(block) ? std::optional(block) : std::nullopt;
}

uint64_t StoredBlock::removed_order(size_t i) const {
  return load<uint64_t>(removed_orders + i * sizeof(uint64_t));
}

std::optional<size_t> StoredBlock::row_of(uint64_t wanted) const {
  const auto all = std::views::iota(size_t{0}, rows);
  const auto found = std::ranges::lower_bound(all, wanted, {}, [this](size_t row) { return order(row); });
  return found != all.end() && order(*found) == wanted ? std::optional(*found) : std::nullopt;
}

std::span<const uint8_t> StoredBlock::upper_half(size_t row) const {
  const size_t half = VectorEncoder::half_bytes(dimensions);
  return {upper + row * half, half};
}

size_t CodeOperand::bytes(size_t rows, uint32_t dimensions) {
  std::string head;
  put_head(kBlockForm, 0, rows, head);
  return head.size() + rows * (kOfARow + VectorEncoder::half_bytes(dimensions));
}

CodeOperand::CodeOperand(char* to, size_t rows, uint32_t dimensions)
    : count_(rows), half_(VectorEncoder::half_bytes(dimensions)) {
  std::string head;
  put_head(kBlockForm, 0, rows, head);
  rows_ = std::ranges::copy(head, to).out;
}

void CodeOperand::put(size_t row, uint64_t sequence, const VectorCode& code) const {
  char* to = rows_;
  const auto put = [&](auto number) {
    std::memcpy(to + row * sizeof(number), &number, sizeof(number));
    to += count_ * sizeof(number);
  };
  put(sequence);
  put(code.norm);
  put(code.coarse.along);
  put(code.coarse.across);
  std::ranges::copy(code.upper, to + row * half_);
}

std::string make_code_operand(uint64_t sequence, const VectorCode& code, std::string_view rest) {
  std::string operand;
  put_head(rest.empty() ? kBlockForm : kRestsForm, 0, 1, operand);
  append(sequence, operand);
  append(code.norm, operand);
  append(code.coarse.along, operand);
  append(code.coarse.across, operand);
  operand += text_of(code.upper);
  if (!rest.empty()) append(static_cast<uint32_t>(rest.size()), operand);
  return operand += rest;
}

std::string make_code_removal(uint64_t sequence) {
  std::string operand;
  put_head(kBlockForm, 1, 0, operand);
  append(sequence, operand);
  return operand;
}

std::string fold_code_blocks(std::span<const std::string_view> parts, const CodeKey& key, bool whole) {
  std::vector<StoredBlock> blocks;
  for (const std::string_view part : parts) {
    const std::optional<StoredBlock> block = StoredBlock::parse(part, key);
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
  size_t rests = 0;
  for (const Change& row : rows) rests += blocks[row.part].rest(row.row).size();
  folded.reserve(16 + removed.size() + rests +
                 rows.size() * (28 + VectorEncoder::half_bytes(key.dimensions)));
  put_head(rests == 0 ? kBlockForm : kRestsForm, removed_count, rows.size(), folded);
  folded += removed;
  for (const Change& row : rows) append(row.sequence, folded);
  for (const Change& row : rows) append(blocks[row.part].norm(row.row), folded);
  for (const Change& row : rows) append(blocks[row.part].coarse(row.row).along, folded);
  for (const Change& row : rows) append(blocks[row.part].coarse(row.row).across, folded);
  for (const Change& row : rows) folded += text_of(blocks[row.part].upper_half(row.row));
  if (rests == 0) return folded;
  uint32_t end = 0;
  for (const Change& row : rows) {
    append(end += static_cast<uint32_t>(blocks[row.part].rest(row.row).size()), folded);
  }
  for (const Change& row : rows) folded += blocks[row.part].rest(row.row);
  return folded;
}

std::string make_code_row(std::string_view key, const VectorCode& code, std::optional<uint64_t> block) {
  std::string value = make_code_row_head(key, block);
  const size_t head = value.size();
  value.resize(head + sizeof(code.fine) + code.lower.size());
  put_code_row_tail(code, value.data() + head);
  return value;
}

std::string make_code_row_head(std::string_view key, std::optional<uint64_t> block) {
  std::string head;
  put_varint(block ? *block + 1 : 0, head);
  put_bytes(key, head);
  return head;
}

size_t code_row_tail_bytes(uint32_t dimensions) {
  return sizeof(VectorCode::Direction) + VectorEncoder::half_bytes(dimensions);
}

void put_code_row_tail(const VectorCode& code, char* to) {
  std::memcpy(to, &code.fine.along, sizeof(float));
  std::memcpy(to + sizeof(float), &code.fine.across, sizeof(float));
  std::ranges::copy(code.lower, to + sizeof(code.fine));
}

std::optional<CodeRow> parse_code_row(std::string_view value, const CodeKey& key) {
  CodeRow row;
  uint64_t block = 0;
  if (!take_varint(value, block) || !take_bytes(value, row.key)) return std::nullopt;
  if (block != 0 && !is_moved_block(block - 1)) return std::nullopt;
  if (value.size() != sizeof(row.fine) + VectorEncoder::half_bytes(key.dimensions)) return std::nullopt;
  row.dimensions = key.dimensions;
  row.order = key.number;
  row.block = block == 0 ? block_of(key.number) : block - 1;
  const std::span<const uint8_t> bytes = bytes_of(value);
  row.fine = {load<float>(bytes.data()), load<float>(bytes.data() + sizeof(float))};
  row.lower = bytes.subspan(sizeof(row.fine));
  return row;
}

}  // namespace quipu::rocks
