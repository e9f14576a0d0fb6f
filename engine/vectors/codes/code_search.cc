#include "engine/vectors/codes/code_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "engine/vectors/codes/candidates.h"
#include "engine/vectors/codes/query_bounds.h"

namespace quipu {
namespace {

// One vector in so many, or fewer, are read one by one: a group is read faster than half of its rows.
constexpr size_t kApart = 3;
// So many rows are on their way from memory where they are read one by one.
constexpr size_t kAhead = 4;

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
  void take_group(size_t group, const int32_t* products, uint64_t rows) {
    take_waiting();
    if (candidates_.too_many()) return;
    const VectorCodes::Coarse& coarse = codes_.coarse(group);
    const CodeLimit limit = bounds_.limit_for(codes_.norms(group));
    uint64_t left = rows & kernels_.reaching(products, bounds_.shift(), coarse.along, coarse.across,
                                             limit.along, limit.across);
    for (; left != 0; left &= left - 1) {
      const auto row = static_cast<size_t>(std::countr_zero(left));
      take(static_cast<uint32_t>(group * kGroupRows + row), products[row]);
    }
  }

  // Reads these rows one by one.
  void take_rows(const std::vector<uint32_t>& slots) {
    for (size_t i = 0; i < slots.size(); ++i) {
      if (i + kAhead < slots.size()) codes_.prefetch_upper_halves(slots[i + kAhead]);
      const uint32_t slot = slots[i];
      const int32_t product = kernels_.row(codes_.upper_halves(slot), codes_.chunks(), code());
      const VectorCodes::Coarse& coarse = codes_.coarse(slot / kGroupRows);
      const Direction direction = {coarse.along[slot % kGroupRows], coarse.across[slot % kGroupRows]};
      if (!bounds_.limit_for({&codes_.norm(slot), 1}).is_reached(direction, 2 * product - bounds_.shift()))
        continue;
      take(slot, product);
      if (waiting_count_ == 2 * kAhead) take_waiting(kAhead);
    }
  }

  bool has_too_many() const { return candidates_.too_many(); }

  std::vector<Candidate> found() {
    take_waiting();
    return candidates_.take();
  }

 private:
  struct Waiting {
    uint32_t slot;
    int32_t upper_halves;  // their product with the query's code
  };

  // A row that reaches the limit. Its lower halves, where there are such, are asked for, and read later.
  void take(uint32_t slot, int32_t product) {
    if (!codes_.has_lower_halves()) {
      const VectorCodes::Coarse& coarse = codes_.coarse(slot / kGroupRows);
      const Direction direction = {coarse.along[slot % kGroupRows], coarse.across[slot % kGroupRows]};
      return offer(slot, bounds_.of(direction, codes_.norm(slot), 2 * product - bounds_.shift()));
    }
    waiting_[waiting_count_++] = {slot, product};
    codes_.prefetch_lower_halves(slot);
  }

  // All that wait, but for the last `left`.
  void take_waiting(size_t left = 0) {
    for (size_t i = 0; i + left < waiting_count_; ++i) {
      const auto& [slot, upper_halves] = waiting_[i];
      const int32_t lower_halves = kernels_.row(codes_.lower_halves(slot), codes_.chunks(), code());
      const int64_t product = 2 * (16 * int64_t{upper_halves} + lower_halves) - bounds_.shift_of_bytes();
      const double norm = codes_.norm(slot);
      if (!bounds_.limit_for({&norm, 1}).is_reached(codes_.fine(slot), product)) continue;
      offer(slot, bounds_.of(codes_.fine(slot), norm, product));
    }
    std::copy(waiting_.begin() + waiting_count_ - left, waiting_.begin() + waiting_count_, waiting_.begin());
    waiting_count_ = left;
  }

  void offer(uint32_t slot, const ScoreBounds& bounds) {
    candidates_.offer(slot, bounds);
    if (candidates_.threshold() > bounds_.threshold()) bounds_.set_threshold(candidates_.threshold());
  }

  const VectorCodes& codes_;
  const CodeKernels& kernels_;
  QueryBounds bounds_;
  Candidates candidates_;
  std::array<Waiting, kGroupRows> waiting_;  // rows whose lower halves are on their way from memory
  size_t waiting_count_ = 0;
};

// The rows of a group that there are, as bits.
uint64_t rows_of(const VectorCodes& codes, size_t group) {
  return ~uint64_t{0} >> (kGroupRows - codes.rows_of_group(group));
}

// The rows of each group that are allowed.
std::vector<uint64_t> rows_of_groups(const VectorCodes& codes, const std::vector<uint32_t>* allowed) {
  std::vector<uint64_t> rows(codes.groups());
  if (allowed == nullptr) {
    for (size_t group = 0; group < rows.size(); ++group) rows[group] = rows_of(codes, group);
  } else {
    for (const uint32_t slot : *allowed) rows[slot / kGroupRows] |= uint64_t{1} << slot % kGroupRows;
  }
  return rows;
}

}  // namespace

std::vector<Candidate> find_candidates(const VectorCodes& codes, const CodeQuery& query,
                                       const std::vector<uint32_t>* allowed, const CodeKernels& kernels) {
  Search search(codes, query, kernels);
  if (allowed != nullptr && allowed->size() * kApart < codes.size()) {
    search.take_rows(*allowed);
    return search.found();
  }
  const std::vector<uint64_t> rows = rows_of_groups(codes, allowed);
  int32_t products[kGroupRows];
  for (size_t group = 0; group < rows.size(); ++group) {
    if (rows[group] == 0) continue;
    kernels.group(codes.group(group), search.code(), products);
    search.take_group(group, products, rows[group]);
  }
  return search.found();
}

std::vector<std::optional<std::vector<Candidate>>> find_candidates_together(
    const VectorCodes& codes, std::span<const CodeQuery> queries, size_t most, const CodeKernels& kernels) {
  std::vector<Search> searches;
  searches.reserve(queries.size());
  for (const CodeQuery& query : queries) searches.emplace_back(codes, query, kernels, most);
  std::vector<const int8_t*> coded;
  for (const Search& search : searches) coded.push_back(search.code());
  std::vector<int32_t> products(searches.size() * kGroupRows);
  for (size_t group = 0; group < codes.groups(); ++group) {
    kernels.queries(codes.group(group), coded, products.data());
    for (size_t i = 0; i < searches.size(); ++i) {
      searches[i].take_group(group, products.data() + i * kGroupRows, rows_of(codes, group));
    }
  }
  std::vector<std::optional<std::vector<Candidate>>> found(searches.size());
  for (size_t i = 0; i < searches.size(); ++i) {
    if (!searches[i].has_too_many()) found[i] = searches[i].found();
  }
  return found;
}

}  // namespace quipu
