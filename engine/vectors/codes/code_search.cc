#include "engine/vectors/codes/code_search.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <limits>
#include <utility>

#include "engine/base/threads.h"
#include "engine/vectors/codes/candidates.h"
#include "engine/vectors/codes/query_bounds.h"

namespace quipu {
namespace {

// One vector in so many, or fewer, are read one by one: a group is read faster than half of its rows.
constexpr size_t kApart = 3;
// Where so many of a group's rows are in question, the lower halves of all of them are read: of one query;
// and of many, one in so many of all their rows.
constexpr int kManyOfGroup = 24;
constexpr size_t kManyOfQueries = 16;
// A thread of its own is worth so many groups.
constexpr size_t kGroupsOfThread = 256;
// So many rows are on their way from memory where they are read one by one.
constexpr size_t kAhead = 8;

// A query on its way through the codes.
class Search {
 public:
  Search(const VectorCodes& codes, const CodeQuery& query, const CodeKernels& kernels,
         size_t most = std::numeric_limits<size_t>::max())
      : codes_(codes),
        kernels_(kernels),
        bounds_(codes, query.elements, query.mode),
        candidates_(query.k, most, query.threshold) {
    if (query.threshold > bounds_.threshold()) bounds_.set_threshold(query.threshold);
  }

  const int8_t* code() const { return bounds_.query().code.data(); }

  // Those of a group's rows that may be among the best, as bits. `products`: of the upper halves of the
  // group's codes with the query's.
  uint64_t rows_in_question(size_t group, const int32_t* products, uint64_t rows) {
    take_waiting();
    if (candidates_.too_many()) return 0;
    return rows & reaching(products, codes_.coarse(group), codes_.norms(group));
  }

  // Takes these rows once their lower halves have come from memory.
  void take_later(size_t group, uint64_t rows, const int32_t* products) {
    for (; rows != 0; rows &= rows - 1) {
      const auto row = static_cast<size_t>(std::countr_zero(rows));
      take(static_cast<uint32_t>(group * kGroupRows + row), products[row]);
    }
  }

  // Takes these rows, whose lower halves have been multiplied, too.
  void take_now(size_t group, uint64_t rows, const int32_t* products, const int32_t* lower_products) {
    for (; rows != 0; rows &= rows - 1) {
      const auto row = static_cast<size_t>(std::countr_zero(rows));
      take_whole(static_cast<uint32_t>(group * kGroupRows + row), products[row], lower_products[row]);
    }
  }

  // Reads these rows one by one, and looks at as many together as a group has.
  void take_rows(std::span<const uint32_t> slots) {
    VectorCodes::Coarse coarse{};
    std::array<double, kGroupRows> norms;
    std::array<int32_t, kGroupRows> products{};
    for (size_t begin = 0; begin < slots.size(); begin += kGroupRows) {
      const size_t count = std::min(kGroupRows, slots.size() - begin);
      for (size_t i = 0; i < count; ++i) {
        if (begin + i + kAhead < slots.size()) codes_.prefetch_upper_halves(slots[begin + i + kAhead]);
        const uint32_t slot = slots[begin + i];
        products[i] = kernels_.row(codes_.upper_halves(slot), codes_.chunks(), code());
        const Direction direction = coarse_of(slot);
        coarse.along[i] = direction.along;
        coarse.across[i] = direction.across;
        norms[i] = codes_.norm(slot);
      }
      take_waiting();
      uint64_t left = reaching(products.data(), coarse, std::span(norms).first(count));
      for (left &= ~uint64_t{0} >> (kGroupRows - count); left != 0; left &= left - 1) {
        const auto row = static_cast<size_t>(std::countr_zero(left));
        take(slots[begin + row], products[row]);
      }
    }
  }

  // Takes over what another search of the same query has found in other groups.
  void add(Search& other) {
    take_waiting();
    other.take_waiting();
    candidates_.add(std::move(other.candidates_));
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

  Direction coarse_of(uint32_t slot) const {
    const VectorCodes::Coarse& coarse = codes_.coarse(slot / kGroupRows);
    return {coarse.along[slot % kGroupRows], coarse.across[slot % kGroupRows]};
  }

  // The rows that may reach the threshold, as bits.
  uint64_t reaching(const int32_t* products, const VectorCodes::Coarse& coarse,
                    std::span<const double> norms) const {
    const CodeLimit limit = bounds_.limit_for(norms);
    return kernels_.reaching(products, bounds_.shift(), coarse.along, coarse.across, limit.along,
                             limit.across);
  }

  // A row that reaches the limit. Its lower halves, where there are such, are asked for, and read later.
  void take(uint32_t slot, int32_t product) {
    if (!codes_.has_lower_halves()) {
      const int64_t finer = bounds_.finer_of_upper(product, times_remainder(codes_.upper_halves(slot)));
      return offer(slot, bounds_.of(coarse_of(slot), codes_.norm(slot), finer));
    }
    waiting_[waiting_count_++] = {slot, product};
    codes_.prefetch_lower_halves(slot);
  }

  void take_waiting() {
    for (size_t i = 0; i < waiting_count_; ++i) {
      const auto& [slot, upper_halves] = waiting_[i];
      take_whole(slot, upper_halves, kernels_.row(codes_.lower_halves(slot), codes_.chunks(), code()));
    }
    waiting_count_ = 0;
  }

  // A row, by the products of both halves.
  void take_whole(uint32_t slot, int32_t upper_halves, int32_t lower_halves) {
    const int64_t bytes = 16 * int64_t{upper_halves} + lower_halves;
    const double norm = codes_.norm(slot);
    const CodeLimit limit = bounds_.limit_for({&norm, 1});
    if (!limit.is_reached(codes_.fine(slot), 2 * bytes - bounds_.shift_of_bytes())) return;
    const int64_t remainder =
        16 * int64_t{times_remainder(codes_.upper_halves(slot))} + times_remainder(codes_.lower_halves(slot));
    offer(slot, bounds_.of(codes_.fine(slot), norm, bounds_.finer_of_bytes(bytes, remainder)));
  }

  int32_t times_remainder(const uint8_t* halves) const {
    return kernels_.row(halves, codes_.chunks(), bounds_.query().remainder.data());
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

struct GroupRange {
  size_t begin;
  size_t end;
};

// Takes these groups for each of the block's queries.
void search_groups(const VectorCodes& codes, const CodeKernels& kernels, const QueryBlock& block,
                   const GroupRange& groups, std::span<Search> searches) {
  std::vector<int32_t> products(searches.size() * kGroupRows);
  std::vector<int32_t> lower_products(products.size());
  std::vector<uint64_t> in_question(searches.size());
  for (size_t group = groups.begin; group < groups.end; ++group) {
    kernels.queries(codes.group(group), block, products.data());
    size_t count = 0;
    for (size_t i = 0; i < searches.size(); ++i) {
      in_question[i] = searches[i].rows_in_question(group, &products[i * kGroupRows], rows_of(codes, group));
      if (in_question[i] != 0) count += static_cast<size_t>(std::popcount(in_question[i]));
    }
    if (count == 0) continue;
    const bool many = codes.has_lower_halves() && count * kManyOfQueries >= products.size();
    if (many) kernels.queries(codes.lower_halves_of_group(group), block, lower_products.data());
    for (size_t i = 0; i < searches.size(); ++i) {
      const int32_t* const upper = &products[i * kGroupRows];
      if (many) {
        searches[i].take_now(group, in_question[i], upper, &lower_products[i * kGroupRows]);
      } else {
        searches[i].take_later(group, in_question[i], upper);
      }
    }
  }
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
  int32_t lower_products[kGroupRows];
  for (size_t group = 0; group < rows.size(); ++group) {
    if (rows[group] == 0) continue;
    kernels.group(codes.group(group), search.code(), products);
    const uint64_t in_question = search.rows_in_question(group, products, rows[group]);
    if (codes.has_lower_halves() && std::popcount(in_question) >= kManyOfGroup) {
      kernels.group(codes.lower_halves_of_group(group), search.code(), lower_products);
      search.take_now(group, in_question, products, lower_products);
    } else {
      search.take_later(group, in_question, products);
    }
  }
  return search.found();
}

std::vector<std::optional<std::vector<Candidate>>> find_candidates_together(
    const VectorCodes& codes, std::span<const CodeQuery> queries, size_t most, size_t threads,
    const CodeKernels& kernels) {
  std::vector<Search> searches;
  searches.reserve(queries.size());
  for (const CodeQuery& query : queries) searches.emplace_back(codes, query, kernels, most);
  std::vector<const int8_t*> coded;
  for (const Search& search : searches) coded.push_back(search.code());
  const QueryBlock block(std::move(coded), codes.chunks());
  // Each thread has searches of its own over a part of the groups.
  const size_t groups = codes.groups();
  const size_t count = std::clamp<size_t>(groups / kGroupsOfThread, 1, std::max<size_t>(threads, 1));
  std::vector<std::vector<Search>> parts(count - 1, searches);
  std::atomic<size_t> next = 0;
  run_on_threads(count, [&] {
    for (size_t part = next++; part < count; part = next++) {
      search_groups(codes, kernels, block, {part * groups / count, (part + 1) * groups / count},
                    part == 0 ? searches : parts[part - 1]);
    }
  });
  std::vector<std::optional<std::vector<Candidate>>> found(searches.size());
  for (size_t i = 0; i < searches.size(); ++i) {
    for (std::vector<Search>& part : parts) searches[i].add(part[i]);
    if (!searches[i].has_too_many()) found[i] = searches[i].found();
  }
  return found;
}

}  // namespace quipu
