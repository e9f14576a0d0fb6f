// FilterRun: the outcomes of metadata filters for the rows of a VectorIndex. A filter is evaluated once for a
// distinct value of its column; a row costs a look-up.

#ifndef QUIPU_ENGINE_VECTORS_FILTERS_FILTER_RUN_H_
#define QUIPU_ENGINE_VECTORS_FILTERS_FILTER_RUN_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/vectors/filters/metadata_columns.h"
#include "quipu/vector_store.h"

namespace quipu {

class FilterRun {
 public:
  // REQUIRES: columns has every key of the filters; both outlive this.
  FilterRun(const MetadataFilters& filters, const MetadataColumns& columns);

  // Whether a row passes. Errors: kInvalidArgument "KeyError: ..." without metadata (`id` is for the
  // message), "TypeError: ...", "ValueError: Nested ...".
  Result<bool> passes(uint32_t row, std::string_view id);

  // Goes through the rows below `rows`: those that pass, and those of which only passes() can tell, because
  // they have no metadata (as deleted rows have none) or a filter fails for them. About 2 ns a row and
  // filter.
  void select(size_t rows, std::vector<uint32_t>& passing, std::vector<uint32_t>& unsure);

 private:
  using Verdict = uint32_t;
  static constexpr Verdict kUnsure = Verdict{1} << 31;  // beside it the count of filters that match

  struct Verdicts {
    const MetadataFilter* filter;  // null: nested filters
    const MetadataColumns::Column* column;
    std::vector<Verdict> of_value;  // 0, 1, or kUnsure where it was not evaluated, or failed
  };

  static std::vector<Verdict> verdicts_at_once(const MetadataFilter& filter,
                                               const MetadataColumns::Column& column);
  static void decide(Verdicts& verdicts);
  // Of rows from `begin` on. REQUIRES: all is decided.
  void select_some(size_t begin, size_t count, std::vector<uint32_t>& passing,
                   std::vector<uint32_t>& unsure) const;
  static Result<Verdict> verdict_of(Verdicts& verdicts, int32_t value);

  FilterCondition condition_;
  std::vector<Verdicts> verdicts_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_FILTERS_FILTER_RUN_H_
