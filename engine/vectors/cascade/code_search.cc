#include "engine/vectors/cascade/code_search.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "engine/base/threads.h"
#include "engine/vectors/cascade/candidates.h"
#include "engine/vectors/cascade/query_bounds.h"

namespace quipu {
namespace {

// One vector in so many, or fewer, are read one by one: a group is read faster than half of its rows, and its
// sketches as fast as few of them.
constexpr size_t kApart = 3;
constexpr size_t kApartWithSketches = 32;
// How good the best are tell, before all others, those rows of this many groups, and some for each that is
// wanted, that look the best by their sketches.
constexpr size_t kPromising = 16;
constexpr size_t kPromisingOfOne = 2;
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
        k_(query.k),
        bounds_(codes, query.elements, query.mode),
        candidates_(query.k, most, query.threshold) {
    if (query.threshold > bounds_.threshold()) bounds_.set_threshold(query.threshold);
  }

  size_t k() const { return k_; }
  const QueryBounds& bounds() const { return bounds_; }
  const int8_t* code() const { return bounds_.query().code.data(); }

  // Searches these rows of a group.
  void search_group(size_t group, uint64_t rows) {
    int32_t products[kGroupRows];
    int32_t lower_products[kGroupRows];
    kernels_.group(codes_.group(group), code(), products);
    const uint64_t in_question = rows_in_question(group, products, rows);
    if (codes_.has_lower_halves() && std::popcount(in_question) >= kManyOfGroup) {
      kernels_.group(codes_.lower_halves_of_group(group), code(), lower_products);
      take_now(group, in_question, products, lower_products);
    } else {
      take_later(group, in_question, products);
    }
  }

  // The same, of few rows.
  void search_rows(size_t group, uint64_t rows) {
    int32_t products[kGroupRows] = {};
    for (uint64_t left = rows; left != 0; left &= left - 1) {
      const auto row = static_cast<size_t>(std::countr_zero(left));
      products[row] = kernels_.row(codes_.upper_halves(group * kGroupRows + row), codes_.chunks(), code());
    }
    take_later(group, rows_in_question(group, products, rows), products);
  }

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
  const size_t k_;
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

// A query on its way through sketches, and from these to codes.
class SketchSearch {
 public:
  // `rows`: of each group those that are allowed, as bits; `all` of them are.
  SketchSearch(const VectorCodes& codes, const Sketches& sketches, const CodeKernels& kernels,
               std::span<const uint64_t> rows, bool all, Search& search)
      : codes_(codes),
        sketches_(sketches),
        kernels_(kernels),
        rows_(rows),
        all_(all),
        search_(search),
        query_(sketches, search.bounds().rotated(), search.bounds().slack()),
        block_({query_.code()}, 1),
        most_(sketches.groups()) {}

  const int8_t* code() const { return query_.code(); }

  // `products`: of the sketches of a group with the query.
  void look(size_t group, const int32_t* products) {
    float bounds[kGroupRows];
    most_[group] = query_.bounds(sketches_.group(group), products, bounds);
    if (all_) return;
    most_[group] = kNone;
    for (uint64_t left = rows_[group]; left != 0; left &= left - 1) {
      most_[group] = std::max(most_[group], bounds[std::countr_zero(left)]);
    }
  }

  // All groups have been looked at: searches those that may have some of the best.
  void search() {
    std::vector<uint32_t> first(most_.size());
    std::iota(first.begin(), first.end(), 0);
    const size_t count = std::min(kPromising + kPromisingOfOne * search_.k(), first.size());
    const auto more = [this](uint32_t a, uint32_t b) { return most_[a] > most_[b]; };
    std::ranges::partial_sort(first, first.begin() + static_cast<int64_t>(count), more);
    first.resize(count);
    std::vector<uint64_t> searched(count);
    for (size_t i = 0; i < count && reaches(first[i]); ++i) {
      searched[i] = rows_reaching(first[i], most_[first[i]]);
      search_.search_rows(first[i], searched[i]);
    }
    for (size_t i = 0; i < count; ++i) {
      search_group(first[i], ~searched[i]);
      most_[first[i]] = kNone;
    }
    for (size_t group = 0; group < most_.size(); ++group) search_group(group, ~uint64_t{0});
  }

 private:
  static constexpr float kNone = -std::numeric_limits<float>::infinity();

  float least_cosine(size_t group) const {
    return static_cast<float>(search_.bounds().least_cosine(codes_.norms(group)));
  }
  bool reaches(size_t group) const { return most_[group] != kNone && most_[group] >= least_cosine(group); }

  // Those of a group's rows whose bounds are not below a cosine, as bits.
  uint64_t rows_reaching(size_t group, float cosine) const {
    int32_t products[kGroupRows];
    float bounds[kGroupRows];
    kernels_.turned(sketches_.group(group).codes, block_, products);
    query_.bounds(sketches_.group(group), products, bounds);
    uint64_t rows = 0;
    for (size_t row = 0; row < kGroupRows; ++row) rows |= uint64_t{bounds[row] >= cosine} << row;
    return rows & rows_[group];
  }

  // Of these rows of a group those that may be among the best.
  void search_group(size_t group, uint64_t of) {
    if (!reaches(group)) return;
    const uint64_t rows = rows_reaching(group, least_cosine(group)) & of;
    if (rows == 0) return;
    if (std::popcount(rows) >= kManyOfGroup) {
      search_.search_group(group, rows);
    } else {
      search_.search_rows(group, rows);
    }
  }

  const VectorCodes& codes_;
  const Sketches& sketches_;
  const CodeKernels& kernels_;
  const std::span<const uint64_t> rows_;
  const bool all_;
  Search& search_;
  SketchQuery query_;
  QueryBlock block_;
  std::vector<float> most_;  // of each group, what a cosine is at most
};

// Calls `work` with each of so many numbers, on so many threads.
void for_each_on_threads(size_t count, size_t threads, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next = 0;
  run_on_threads(std::min(count, std::max<size_t>(threads, 1)), [&] {
    for (size_t i = next++; i < count; i = next++) work(i);
  });
}

// Searches the groups that have sketches, the first; how many these are.
size_t search_by_sketches(const VectorCodes& codes, const Sketches* sketches, const CodeKernels& kernels,
                          std::span<const uint64_t> rows, bool all, std::span<Search> searches,
                          size_t threads) {
  const size_t groups = sketches != nullptr ? sketches->groups() : 0;
  if (sketches != nullptr) sketches->note_scan(searches.size() * (codes.groups() - groups) * kGroupRows);
  if (groups == 0) return 0;
  std::vector<SketchSearch> queries;
  queries.reserve(searches.size());
  std::vector<const int8_t*> coded;
  for (Search& search : searches) queries.emplace_back(codes, *sketches, kernels, rows, all, search);
  for (const SketchSearch& query : queries) coded.push_back(query.code());
  const QueryBlock block(std::move(coded), 1);
  const size_t parts = std::clamp<size_t>(groups / kGroupsOfThread, 1, std::max<size_t>(threads, 1));
  for_each_on_threads(parts, parts, [&](size_t part) {
    std::vector<int32_t> products(queries.size() * kGroupRows);
    for (size_t group = part * groups / parts; group < (part + 1) * groups / parts; ++group) {
      kernels.turned(sketches->group(group).codes, block, products.data());
      for (size_t i = 0; i < queries.size(); ++i) queries[i].look(group, &products[i * kGroupRows]);
    }
  });
  for_each_on_threads(queries.size(), threads, [&](size_t i) { queries[i].search(); });
  return groups;
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

std::vector<Candidate> find_candidates(const VectorCodes& codes, const Sketches* sketches,
                                       const CodeQuery& query, const std::vector<uint32_t>* allowed,
                                       const CodeKernels& kernels) {
  Search search(codes, query, kernels);
  const bool sketched = sketches != nullptr && sketches->groups() == codes.groups();
  if (allowed != nullptr && allowed->size() * (sketched ? kApartWithSketches : kApart) < codes.size()) {
    search.take_rows(*allowed);
    return search.found();
  }
  const std::vector<uint64_t> rows = rows_of_groups(codes, allowed);
  size_t group =
      search_by_sketches(codes, sketches, kernels, rows, allowed == nullptr, std::span(&search, 1), 1);
  for (; group < rows.size(); ++group) {
    if (rows[group] != 0) search.search_group(group, rows[group]);
  }
  return search.found();
}

std::vector<std::optional<std::vector<Candidate>>> find_candidates_together(
    const VectorCodes& codes, const Sketches* sketches, std::span<const CodeQuery> queries, size_t most,
    size_t threads, const CodeKernels& kernels) {
  std::vector<Search> searches;
  searches.reserve(queries.size());
  for (const CodeQuery& query : queries) searches.emplace_back(codes, query, kernels, most);
  std::vector<const int8_t*> coded;
  for (const Search& search : searches) coded.push_back(search.code());
  const QueryBlock block(std::move(coded), codes.chunks());
  const size_t first = sketches != nullptr ? sketches->groups() : 0;
  // Each thread has searches of its own over a part of the groups without sketches.
  const size_t groups = codes.groups() - first;
  const size_t count = std::clamp<size_t>(groups / kGroupsOfThread, 1, std::max<size_t>(threads, 1));
  std::vector<std::vector<Search>> parts(count - 1, searches);
  search_by_sketches(codes, sketches, kernels, rows_of_groups(codes, nullptr), true, searches, threads);
  for_each_on_threads(count, count, [&](size_t part) {
    search_groups(codes, kernels, block, {first + part * groups / count, first + (part + 1) * groups / count},
                  part == 0 ? searches : parts[part - 1]);
  });
  std::vector<std::optional<std::vector<Candidate>>> found(searches.size());
  for (size_t i = 0; i < searches.size(); ++i) {
    for (std::vector<Search>& part : parts) searches[i].add(part[i]);
    if (!searches[i].has_too_many()) found[i] = searches[i].found();
  }
  return found;
}

}  // namespace quipu
