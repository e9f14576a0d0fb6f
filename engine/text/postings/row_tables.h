// What an index has for each row: how long the document is, and whether a query may find it.
//
// Thread-safety: as standard containers.

#ifndef QUIPU_ENGINE_TEXT_POSTINGS_ROW_TABLES_H_
#define QUIPU_ENGINE_TEXT_POSTINGS_ROW_TABLES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace quipu {

// Lengths in tokens, in pages that several indexes may share: a new document makes one page anew.
class RowLengths {
 public:
  static constexpr size_t kPageRows = 4096;
  using Page = std::vector<uint32_t>;  // kPageRows of them

  // 0 where there is no page, as for a row that damaged postings name.
  uint32_t at(uint32_t row) const {
    return row / kPageRows < pages_.size() ? (*pages_[row / kPageRows])[row % kPageRows] : 0;
  }
  void add(std::shared_ptr<const Page> page) { pages_.push_back(std::move(page)); }

 private:
  std::vector<std::shared_ptr<const Page>> pages_;
};

// A set of rows.
class RowSet {
 public:
  explicit RowSet(size_t rows = 0) : bits_((rows + 63) / 64) {}

  bool contains(uint32_t row) const {
    return row / 64 < bits_.size() && (bits_[row / 64] >> row % 64 & 1) != 0;
  }
  void insert(uint32_t row) {
    if (row / 64 >= bits_.size()) bits_.resize(row / 64 + 1);
    bits_[row / 64] |= uint64_t{1} << row % 64;
  }
  void erase(uint32_t row) {
    if (row / 64 < bits_.size()) bits_[row / 64] &= ~(uint64_t{1} << row % 64);
  }

 private:
  std::vector<uint64_t> bits_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_POSTINGS_ROW_TABLES_H_
