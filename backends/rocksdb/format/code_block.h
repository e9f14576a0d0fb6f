// Codes of vectors as docs/FORMAT.md has them: the keys of their two places, blocks, and rows.

#ifndef QUIPU_BACKENDS_ROCKSDB_FORMAT_CODE_BLOCK_H_
#define QUIPU_BACKENDS_ROCKSDB_FORMAT_CODE_BLOCK_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "quipu/backend/features.h"

namespace quipu::rocks {

// The block of a vector whose row names no other.
inline uint64_t block_of(uint64_t sequence) { return sequence / 256; }

std::string code_blocks_prefix(uint32_t collection);
std::string code_rows_prefix(uint32_t collection);
std::string code_block_key(uint32_t collection, uint32_t dimensions, uint64_t block);
std::string code_row_key(uint32_t collection, uint32_t dimensions, uint64_t sequence);
struct CodeKey {
  uint32_t collection = 0;
  bool is_block = false;
  uint32_t dimensions = 0;
  uint64_t number = 0;  // of the block, or the row's sequence
};
std::optional<CodeKey> parse_code_key(std::string_view key);

// A block, or an operand that changes one; a view of its bytes.
class CodeBlock {
 public:
  // Nothing where it is malformed, as a block is that a malformed operand has come to.
  static std::optional<CodeBlock> parse(std::string_view bytes, uint32_t dimensions);

  size_t removed() const { return removed_; }
  uint64_t removed_sequence(size_t i) const { return number(i); }
  size_t rows() const { return rows_; }
  uint64_t sequence(size_t row) const { return number(removed_ + row); }
  double norm(size_t row) const;
  VectorCode::Direction coarse(size_t row) const;
  std::span<const uint8_t> upper(size_t row) const;

 private:
  uint64_t number(size_t i) const;

  const char* numbers_ = nullptr;
  const char* norms_ = nullptr;
  const char* uppers_ = nullptr;
  size_t removed_ = 0;
  size_t rows_ = 0;
  size_t upper_bytes_ = 0;
};

// Operands of one row.
std::string make_code_operand(uint64_t sequence, const VectorCode& code);
std::string make_code_removal(uint64_t sequence);

// What operands, and a block before them, come to; the newest is the last. `whole`: as a block, else as an
// operand. Malformed ones come to kDamagedBlock.
std::string fold_code_blocks(std::span<const std::string_view> parts, uint32_t dimensions, bool whole);
inline constexpr std::string_view kDamagedBlock{"\0", 1};

// The other place of a row. `code`: its lower halves and their direction.
std::string make_code_row(std::string_view key, const VectorCode& code);
struct CodeRow {
  std::optional<uint64_t> block;  // where it is not the one that the sequence says
  std::string_view key;
  VectorCode::Direction fine;
  std::span<const uint8_t> lower;
};
std::optional<CodeRow> parse_code_row(std::string_view value, uint32_t dimensions);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FORMAT_CODE_BLOCK_H_
