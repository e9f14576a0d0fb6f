#include "engine/vectors/stored/row_search.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/codes/similarity.h"

namespace quipu {
namespace {

// Rows that are read before the others are looked at again.
constexpr size_t kReadAtOnce = 64;
// More candidates than these are not named: their vectors are all about as similar.
constexpr size_t kNamedAtMost = 16384;
// Of fewer vectors all are compared where ties show, which gives these their order in the reference's heap.
constexpr size_t kFewVectors = 256;

}  // namespace

bool codes_tell(const TopKQuery& wanted, size_t count) {
  return wanted.k > 0 && count > kFewVectors && static_cast<size_t>(wanted.k) < count &&
         static_cast<size_t>(wanted.k) < kNamedAtMost && is_regular(norm_of(wanted.query));
}

RowSearch::RowSearch(const TopKQuery& wanted, const VectorCodes& codes, const CodeReader& reader)
    : wanted_(wanted),
      reader_(reader),
      bounds_(codes, wanted.query, wanted.mode),
      candidates_(static_cast<size_t>(wanted.k), kNamedAtMost) {}

CodeQuery RowSearch::query(double threshold) const {
  return {wanted_.query, static_cast<size_t>(wanted_.k), wanted_.mode,
          std::max(threshold, candidates_.threshold())};
}

void RowSearch::add(RowSearch& other) {
  candidates_.add(std::move(other.candidates_), static_cast<uint32_t>(kept_.size()));
  std::ranges::move(other.kept_, std::back_inserter(kept_));
  gone_ = gone_ || other.gone_;
}

Status RowSearch::take(const VectorCodes& codes, std::vector<Candidate> candidates,
                       const std::function<uint64_t(uint32_t slot)>& order_of) {
  std::ranges::sort(candidates, std::greater(), &Candidate::upper);
  // The first k tell most others from the best.
  const size_t first = std::max(kReadAtOnce, static_cast<size_t>(wanted_.k));
  for (size_t begin = 0, end = 0; begin < candidates.size() && !fails(); begin = end) {
    end = std::min(begin + (begin == 0 ? first : kReadAtOnce), candidates.size());
    std::vector<Read> rows;
    for (size_t i = begin; i < end && candidates[i].upper >= candidates_.threshold(); ++i) {
      rows.push_back({order_of(candidates[i].slot), candidates[i].slot});
    }
    if (rows.empty()) break;
    QUIPU_RETURN_IF_ERROR(read(codes, std::move(rows)));
  }
  return Status::ok();
}

Status RowSearch::read(const VectorCodes& codes, std::vector<Read> rows) {
  std::ranges::sort(rows, {}, &Read::order);
  std::vector<uint64_t> orders;
  for (const Read& row : rows) orders.push_back(row.order);
  size_t found = 0;
  QUIPU_RETURN_IF_ERROR(reader_.get_rows(codes.dimensions(), orders, [&](size_t i, const CodeRow& row) {
    ++found;
    take_row(codes, rows[i].slot, row);
    return Status::ok();
  }));
  gone_ = gone_ || found < rows.size();
  return Status::ok();
}

void RowSearch::take_row(const VectorCodes& codes, uint32_t slot, const CodeRow& row) {
  const CodeKernels& kernels = code_kernels().front();
  const auto times = [&](const uint8_t* halves, const std::vector<int8_t>& query) {
    return int64_t{kernels.row(halves, codes.chunks(), query.data())};
  };
  const CodedQuery& query = bounds_.query();
  const uint8_t* const upper = codes.upper_halves(slot);
  const int64_t bytes = 16 * times(upper, query.code) + times(row.lower.data(), query.code);
  const int64_t remainder = 16 * times(upper, query.remainder) + times(row.lower.data(), query.remainder);
  const ScoreBounds found = bounds_.of(row.fine, codes.norm(slot), bounds_.finer_of_bytes(bytes, remainder));
  if (found.upper < candidates_.threshold()) return;
  candidates_.offer(static_cast<uint32_t>(kept_.size()), found);
  kept_.push_back({row.order, std::string(row.key)});
}

Result<VectorStoreQueryResult> RowSearch::finish() {
  std::vector<NamedCandidate> named;
  for (const Candidate& one : candidates_.take()) {
    named.push_back({one.upper, kept_[one.slot].order, kept_[one.slot].id});
  }
  const FetchVectors fetch = [this](auto ids, const auto& use) {
    size_t fetched = 0;
    Status read =
        reader_.get_vectors(wanted_.query.size(), ids, [&](size_t i, std::span<const double> elements) {
          ++fetched;
          use(i, elements);
        });
    gone_ = gone_ || fetched < ids.size();
    return read;
  };
  QUIPU_ASSIGN_OR_RETURN(const std::vector<ScoredId> best, best_vectors(wanted_, std::move(named), fetch));
  return to_result(best);
}

}  // namespace quipu
