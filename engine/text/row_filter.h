// RowFilter: which rows a search may find.

#ifndef QUIPU_ENGINE_TEXT_ROW_FILTER_H_
#define QUIPU_ENGINE_TEXT_ROW_FILTER_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace quipu {

// What the caller of a search wants of rows.
struct TextFilter {
  const std::vector<uint32_t>* rows = nullptr;     // only these, which rise; null: all
  std::function<bool(uint32_t row)> accepts = {};  // asked last, of rows that would be among the best
};

// That, and rows whose documents are gone although some postings are still there.
class RowFilter {
 public:
  explicit RowFilter(const TextFilter& wanted) : wanted_(wanted) {}

  void add_gone(std::span<const uint32_t> rows) {
    if (rows.empty()) return;
    gone_.insert(gone_.end(), rows.begin(), rows.end());
    std::ranges::sort(gone_);
  }
  const std::vector<uint32_t>* rows() const { return wanted_.rows; }
  // Of a row of rows().
  bool passes(uint32_t row) const {
    return !std::ranges::binary_search(gone_, row) && (!wanted_.accepts || wanted_.accepts(row));
  }

 private:
  const TextFilter& wanted_;
  std::vector<uint32_t> gone_;  // sorted
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_ROW_FILTER_H_
