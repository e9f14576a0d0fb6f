// Codes of vectors as docs/FORMAT.md has them: the keys of their two places, blocks, and rows; and notes.

#ifndef QUIPU_BACKENDS_ROCKSDB_FORMAT_CODE_BLOCK_H_
#define QUIPU_BACKENDS_ROCKSDB_FORMAT_CODE_BLOCK_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "quipu/backend/vector_codes.h"

namespace quipu::rocks {

// The block of a vector that nothing has moved, whose row names none.
inline uint64_t block_of(uint64_t sequence) { return sequence / 256; }
// Whether vectors may be moved to a block of this number.
inline bool is_moved_block(uint64_t block) { return block >= CodeBlock::kFirstMoved && block != UINT64_MAX; }

std::string code_blocks_prefix(uint32_t collection);
std::string code_rows_prefix(uint32_t collection);
std::string code_notes_prefix(uint32_t collection);
// Those of one dimension.
std::string code_rows_prefix(uint32_t collection, uint32_t dimensions);
std::string code_block_key(uint32_t collection, uint32_t dimensions, uint64_t block);
std::string code_row_key(uint32_t collection, uint32_t dimensions, uint64_t sequence);
// The key of a block or a row.
struct CodeKey {
  uint32_t collection = 0;
  bool is_block = false;
  uint32_t dimensions = 0;
  uint64_t number = 0;  // of the block, or the row's sequence
  auto operator<=>(const CodeKey&) const = default;
};
std::optional<CodeKey> parse_code_key(std::string_view key);

// A block, or an operand that changes one: its rows, and what it removes. A view of its bytes.
struct StoredBlock : CodeBlock {
  // Nothing where it is malformed, as a block is that a malformed operand has come to.
  static std::optional<StoredBlock> parse(std::string_view bytes, const CodeKey& key);

  size_t removed = 0;
  const uint8_t* removed_orders = nullptr;

  uint64_t removed_order(size_t i) const;
  std::optional<size_t> row_of(uint64_t order) const;
  std::span<const uint8_t> upper_half(size_t row) const;
};

// An operand of some rows that nothing has moved, in bytes of the caller's, whose rows are put one by one, by
// any threads.
class CodeOperand {
 public:
  static size_t bytes(size_t rows, uint32_t dimensions);
  // REQUIRES: so many bytes.
  CodeOperand(char* to, size_t rows, uint32_t dimensions);
  // REQUIRES: sequences ascend.
  void put(size_t row, uint64_t sequence, const VectorCode& code) const;

 private:
  char* rows_;  // behind the head
  size_t count_;
  size_t half_;
};

// Operands of one row. `rest`: of one that is put into a block for moved ones.
std::string make_code_operand(uint64_t sequence, const VectorCode& code, std::string_view rest = {});
std::string make_code_removal(uint64_t sequence);

// What operands, and a block before them, come to; the newest is the last. `whole`: as a block, else as an
// operand. Malformed ones come to kDamagedBlock.
std::string fold_code_blocks(std::span<const std::string_view> parts, const CodeKey& key, bool whole);
inline constexpr std::string_view kDamagedBlock{"\0", 1};
inline constexpr std::string_view kEmptyBlock{"\1\0\0", 3};  // that has no rows

// The other place of a row. `code`: its lower halves and their direction. `block`: where it is not the one
// that the sequence says.
std::string make_code_row(std::string_view key, const VectorCode& code,
                          std::optional<uint64_t> block = std::nullopt);
// The same in two parts: the second one, of so many bytes, is the code's.
std::string make_code_row_head(std::string_view key, std::optional<uint64_t> block);
size_t code_row_tail_bytes(uint32_t dimensions);
void put_code_row_tail(const VectorCode& code, char* to);
std::optional<CodeRow> parse_code_row(std::string_view value, const CodeKey& key);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FORMAT_CODE_BLOCK_H_
