// TermTable: words and terms by number, in the order in which they first came.
//
// Thread-safety: as a standard container. Cost: one look into a table for each word; hashes are seeded, so
// that no text is slow on purpose.

#ifndef QUIPU_ENGINE_TEXT_ANALYSIS_TERM_TABLE_H_
#define QUIPU_ENGINE_TEXT_ANALYSIS_TERM_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace quipu {

class TermTable {
 public:
  TermTable();

  // Its number, which is a new one for a new term. REQUIRES: fewer than 2^32 - 1 terms.
  uint32_t number_of(std::string_view term);
  // Lives until clear().
  std::string_view term(uint32_t number) const { return terms_[number]; }
  size_t size() const { return terms_.size(); }
  void clear();

 private:
  struct Slot {
    uint32_t hash = 0;  // the upper half
    uint32_t next = 0;  // number + 1; 0: free
  };

  uint64_t hash_of(std::string_view term) const;
  uint32_t add(std::string_view term);
  void grow();

  uint64_t seed_;
  std::vector<Slot> slots_;  // a power of two
  std::vector<std::string_view> terms_;
  std::vector<std::unique_ptr<char[]>> blocks_;  // the characters
  size_t left_ = 0;                              // free in the last block
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_ANALYSIS_TERM_TABLE_H_
