#include "engine/vectors/codes/code_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "engine/vectors/codes/candidates.h"
#include "engine/vectors/codes/query_bounds.h"

namespace quipu {
namespace {

// A query on its way through the codes.
class Search {
 public:
  Search(const VectorCodes& codes, const CodeQuery& query, const CodeKernels& kernels,
         size_t most = std::numeric_limits<size_t>::max())
      : codes_(codes),
        kernels_(kernels),
        bounds_(codes, query.elements, query.mode),
        candidates_(query.k, most) {}

  const int8_t* code() const { return bounds_.code().data(); }

  // `products`: of the upper halves of the group's codes with the query's.
  void take(size_t group, const int32_t* products, uint64_t rows) {
    take_waiting();
    if (candidates_.too_many()) return;
    const VectorCodes::Coarse& coarse = codes_.coarse(group);
    const CodeLimit limit = bounds_.limit_for(codes_.norms(group));
    uint64_t left = rows & kernels_.reaching(products, bounds_.shift(), coarse.along, coarse.across,
                                             limit.along, limit.across);
    for (; left != 0; left &= left - 1) {
      const auto row = static_cast<size_t>(std::countr_zero(left));
      waiting_[waiting_count_++] = {static_cast<uint32_t>(group * kGroupRows + row), products[row]};
      codes_.prefetch_lower_halves(group * kGroupRows + row);
    }
  }

  bool has_too_many() const { return candidates_.too_many(); }

  std::vector<uint32_t> found() {
    take_waiting();
    return candidates_.slots();
  }

 private:
  struct Waiting {
    uint32_t slot;
    int32_t upper_halves;  // their product with the query's code
  };

  void take_waiting() {
    for (size_t i = 0; i < waiting_count_; ++i) take_row(waiting_[i].slot, waiting_[i].upper_halves);
    waiting_count_ = 0;
  }

  void take_row(uint32_t slot, int32_t upper_halves) {
    const int32_t lower_halves = kernels_.row(codes_.lower_halves(slot), codes_.chunks(), code());
    const VectorCodes::Fine& fine = codes_.fine(slot / kGroupRows);
    const size_t row = slot % kGroupRows;
    candidates_.offer(
        slot, bounds_.of(fine.directions[row], fine.norms[row], 16 * int64_t{upper_halves} + lower_halves));
    if (candidates_.threshold() > bounds_.threshold()) bounds_.set_threshold(candidates_.threshold());
  }

  const VectorCodes& codes_;
  const CodeKernels& kernels_;
  QueryBounds bounds_;
  Candidates candidates_;
  std::array<Waiting, kGroupRows> waiting_;  // rows whose lower halves are on their way from memory
  size_t waiting_count_ = 0;
};

// The rows of each group that are allowed, as bits.
std::vector<uint64_t> rows_of_groups(const VectorCodes& codes, const std::vector<uint32_t>* allowed) {
  std::vector<uint64_t> rows(codes.groups());
  if (allowed != nullptr) {
    for (const uint32_t slot : *allowed) rows[slot / kGroupRows] |= uint64_t{1} << slot % kGroupRows;
    return rows;
  }
  for (size_t group = 0; group < rows.size(); ++group) {
    rows[group] = ~uint64_t{0} >> (kGroupRows - codes.rows_of_group(group));
  }
  return rows;
}

// The products of a group's upper halves with the queries', for those blocks that have some of `rows`.
void scan_group(const VectorCodes& codes, const CodeKernels& kernels, size_t group, uint64_t rows,
                std::span<const int8_t* const> queries, int32_t* products) {
  constexpr uint64_t kRowsOfBlock = (uint64_t{1} << kBlockRows) - 1;
  const uint8_t* block = codes.upper_halves(group);
  const size_t some = static_cast<size_t>(std::popcount(rows));
  if (some > kGroupRows / 2) {
    kernels.group(block, codes.steps(), codes.group_distance(), queries.data(), queries.size(), products);
    return;
  }
  for (size_t i = 0; i < kBlocks; ++i, block += codes.steps() * kStepBytes, products += kBlockRows) {
    if ((rows >> i * kBlockRows & kRowsOfBlock) == 0) continue;
    kernels.block(block, codes.steps(), queries.data(), queries.size(), products);
  }
}

}  // namespace

std::vector<uint32_t> find_candidates(const VectorCodes& codes, const CodeQuery& query,
                                      const std::vector<uint32_t>* allowed, const CodeKernels& kernels) {
  Search search(codes, query, kernels);
  const int8_t* const coded = search.code();
  const std::vector<uint64_t> rows = rows_of_groups(codes, allowed);
  int32_t products[kGroupRows];
  for (size_t group = 0; group < rows.size(); ++group) {
    if (rows[group] == 0) continue;
    scan_group(codes, kernels, group, rows[group], {&coded, 1}, products);
    search.take(group, products, rows[group]);
  }
  return search.found();
}

std::vector<std::optional<std::vector<uint32_t>>> find_candidates_together(const VectorCodes& codes,
                                                                           std::span<const CodeQuery> queries,
                                                                           size_t most,
                                                                           const CodeKernels& kernels) {
  std::vector<Search> searches;
  searches.reserve(queries.size());
  for (const CodeQuery& query : queries) searches.emplace_back(codes, query, kernels, most);
  std::vector<const int8_t*> coded;
  for (const Search& search : searches) coded.push_back(search.code());
  std::vector<int32_t> products(searches.size() * kGroupRows);
  const std::vector<uint64_t> rows = rows_of_groups(codes, nullptr);
  for (size_t group = 0; group < rows.size(); ++group) {
    scan_group(codes, kernels, group, rows[group], coded, products.data());
    for (size_t i = 0; i < searches.size(); ++i) {
      searches[i].take(group, products.data() + i * kGroupRows, rows[group]);
    }
  }
  std::vector<std::optional<std::vector<uint32_t>>> found(searches.size());
  for (size_t i = 0; i < searches.size(); ++i) {
    if (!searches[i].has_too_many()) found[i] = searches[i].found();
  }
  return found;
}

}  // namespace quipu
