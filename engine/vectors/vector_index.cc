#include "engine/vectors/vector_index.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "engine/vectors/cascade/code_search.h"
#include "engine/vectors/codes/similarity.h"

namespace quipu {
namespace {

// Up to so many vectors each is compared exactly where ties show, which gives these their order in the
// reference's heap; up to the fewer at once, as a scan would save nothing.
constexpr size_t kFewRows = 256;
constexpr size_t kTooFewToScan = 24;
// What part of the memory an index with lower halves of codes may take. Beyond, another one fits in that is
// twice as large.
constexpr uint64_t kPartWithLowerHalves = 3;
// How many vectors each of several queries may have to compare: one that has more is asked by itself, so that
// memory does not grow with queries and vectors alike.
constexpr size_t kCandidatesTogether = 16384;

Status no_row() { return Status::corruption("codes lack one of their two places; repair makes them anew"); }

bool has_ties(const std::vector<ScoredId>& best) {
  return std::ranges::adjacent_find(best, {}, &ScoredId::similarity) != best.end();
}

}  // namespace

Status shapes_differ(size_t query, size_t vector) {
  return Status::invalid_argument("ValueError: shapes (" + std::to_string(query) + ",) and (" +
                                  std::to_string(vector) + ",) not aligned: " + std::to_string(query) +
                                  " (dim 0) != " + std::to_string(vector) + " (dim 0)");
}

Status no_similarity_compares() {
  return Status::invalid_argument("KeyError: no similarity can be compared, for every one is NaN");
}

size_t VectorIndex::dimensions() const { return dimensions_.empty() ? 0 : dimensions_.rbegin()->first; }

uint64_t VectorIndex::expected_bytes(uint64_t vectors, size_t dimensions) {
  constexpr uint64_t kOfAnId = 40;
  constexpr uint64_t kOfAVector = sizeof(Row) + kOfAnId + 3 * sizeof(double) + 2 * sizeof(Direction);
  return vectors * (2 * VectorEncoder::half_bytes(dimensions) + kOfAVector);
}

size_t VectorIndex::memory_bytes() const {
  size_t bytes = rows_.size() * (sizeof(Row) + sizeof(uint32_t)) + id_bytes_ + places_.memory_bytes() +
                 columns_.memory_bytes();
  for (const auto& [size, dimension] : dimensions_) {
    bytes += dimension.codes.memory_bytes() + dimension.sketches.memory_bytes() +
             dimension.row_of_slot.capacity() * sizeof(uint32_t);
  }
  return bytes;
}

bool VectorIndex::keep_within(uint64_t bytes) {
  if (keeps_lower_halves_ && memory_bytes() > bytes / kPartWithLowerHalves) {
    keeps_lower_halves_ = false;
    for (auto& [size, dimension] : dimensions_) dimension.codes.drop_lower_halves();
  }
  return memory_bytes() <= bytes;
}

// Within what keep_within() leaves to it as it is.
bool VectorIndex::wants_to_learn(uint64_t bytes) const {
  const uint64_t most = keeps_lower_halves_ ? bytes / kPartWithLowerHalves : bytes;
  return std::ranges::any_of(dimensions_, [&](const auto& each) {
    const Dimension& dimension = each.second;
    return dimension.sketches.wants(dimension.codes) &&
           memory_bytes() + Sketches::expected_bytes(dimension.codes) <= most;
  });
}

void VectorIndex::learn() {
  for (auto& [size, dimension] : dimensions_) {
    if (dimension.sketches.wants(dimension.codes)) return dimension.sketches.learn(dimension.codes);
  }
}

std::optional<uint32_t> VectorIndex::row_of(std::string_view id) const {
  return places_.find(id, [this](uint32_t row) { return std::string_view(rows_[row].id); });
}

void VectorIndex::put(std::string_view id, std::optional<uint64_t> given, std::span<const double> elements) {
  const std::optional<uint32_t> row = row_of(id);
  const uint64_t order = given.value_or(row ? rows_[*row].order : next_order_);
  next_order_ = std::max(next_order_, order + 1);
  if (row) {
    Row& known = rows_[*row];
    known.order = order;
    if (known.codes->dimensions() == elements.size()) {
      known.codes->set(slot_of_row_[*row], elements);
      dimension_of(elements.size()).sketches.changed(*known.codes, slot_of_row_[*row]);
    } else {
      remove_codes(*row);
      insert(*row, dimension_of(elements.size()), elements);
    }
    return;
  }
  insert(add_row(id, order), dimension_of(elements.size()), elements);
}

uint32_t VectorIndex::add_row(std::string_view id, uint64_t order) {
  auto added = static_cast<uint32_t>(rows_.size());
  if (free_rows_.empty()) {
    rows_.emplace_back();
  } else {
    added = free_rows_.back();
    free_rows_.pop_back();
  }
  rows_[added].id = id;
  id_bytes_ += id.size();
  rows_[added].order = order;
  places_.add(id, added);
  return added;
}

VectorIndex::Dimension& VectorIndex::dimension_of(size_t dimensions) {
  const auto [place, is_new] = dimensions_.try_emplace(dimensions, dimensions);
  if (is_new && !keeps_lower_halves_) place->second.codes.drop_lower_halves();
  return place->second;
}

template <class Code>
void VectorIndex::insert(uint32_t row, Dimension& dimension, const Code& code) {
  slot_of_row_.resize(rows_.size());
  slot_of_row_[row] = static_cast<uint32_t>(dimension.codes.add(code));
  dimension.sketches.changed(dimension.codes, slot_of_row_[row]);
  dimension.row_of_slot.push_back(row);
  rows_[row].codes = &dimension.codes;
}

// Rows first, which have the ids, and what blocks lack: they come in the order of slots.
Status VectorIndex::load(const CodeReader& reader, const std::function<Status()>& check) {
  QUIPU_RETURN_IF_ERROR(reader.scan_rows([&](const CodeRow& row) {
    next_order_ = std::max(next_order_, row.order + 1);
    const VectorCode code{1, {}, row.fine, {}, row.lower};
    if (row_of(row.key)) return Status::corruption("two codes are of one vector; repair makes them anew");
    insert(add_row(row.key, row.order), dimension_of(row.dimensions), code);
    return check();
  }));
  for (auto& [size, dimension] : dimensions_) QUIPU_RETURN_IF_ERROR(load_blocks(reader, dimension, check));
  return this->size() == reader.count() ? Status::ok()
                                        : Status::corruption("there are not as many codes as vectors");
}

Status VectorIndex::load_blocks(const CodeReader& reader, Dimension& dimension,
                                const std::function<Status()>& check) {
  const auto order_of = [&](uint32_t row) { return rows_[row].order; };
  const std::vector<uint32_t>& rows = dimension.row_of_slot;  // by ascending orders
  size_t found = 0;
  size_t slot = 0;
  QUIPU_RETURN_IF_ERROR(
      reader.scan_blocks(dimension.codes.dimensions(), 0, UINT64_MAX, [&](const CodeBlock& block) -> Status {
        for (size_t i = 0; i < block.rows; ++i, ++slot, ++found) {
          const uint64_t order = block.order(i);
          if (slot == rows.size() || order_of(rows[slot]) != order) {
            slot = static_cast<size_t>(std::ranges::lower_bound(rows, order, {}, order_of) - rows.begin());
          }
          if (slot == rows.size() || order_of(rows[slot]) != order) return no_row();
          dimension.codes.put_row(slot, block, i);
        }
        return check();
      }));
  dimension.codes.settle();
  return found == rows.size() ? Status::ok() : no_row();
}

void VectorIndex::remove_codes(uint32_t row) {
  Dimension& dimension = dimensions_.at(rows_[row].codes->dimensions());
  const uint32_t slot = slot_of_row_[row];
  dimension.codes.move_last_to(slot);
  dimension.sketches.changed(dimension.codes, slot);
  const uint32_t moved = dimension.row_of_slot.back();
  dimension.row_of_slot[slot] = moved;
  slot_of_row_[moved] = slot;
  dimension.row_of_slot.pop_back();
  rows_[row].codes = nullptr;
}

void VectorIndex::erase(std::string_view id) {
  const std::optional<uint32_t> row = row_of(id);
  if (!row) return;
  places_.remove(id, *row);
  remove_codes(*row);
  id_bytes_ -= rows_[*row].id.size();
  rows_[*row].id.clear();
  free_rows_.push_back(*row);
  columns_.forget(*row);
}

std::vector<uint32_t> VectorIndex::sample(size_t count) const {
  std::vector<uint32_t> rows;
  const size_t step = std::max<size_t>(rows_.size() / count, 1);
  for (size_t row = 0; row < rows_.size(); row += step) {
    if (holds(static_cast<uint32_t>(row))) rows.push_back(static_cast<uint32_t>(row));
  }
  return rows;
}

void VectorIndex::clear() {
  places_.clear();
  rows_.clear();
  slot_of_row_ = {};
  free_rows_.clear();
  dimensions_.clear();
  columns_.clear();
  next_order_ = 0;
  id_bytes_ = 0;
  keeps_lower_halves_ = true;
}

Result<const VectorIndex::Dimension*> VectorIndex::dimension_for(size_t query_size,
                                                                 const std::vector<uint32_t>* rows) const {
  const Dimension* found = nullptr;
  const auto take = [&](const Dimension& dimension) -> Status {
    if (dimension.codes.size() == 0) return Status::ok();
    if (dimension.codes.dimensions() != query_size)
      return shapes_differ(query_size, dimension.codes.dimensions());
    found = &dimension;
    return Status::ok();
  };
  if (rows != nullptr && rows->empty()) return found;
  const auto holds_some = [](const auto& dimension) { return dimension.second.codes.size() != 0; };
  if (rows == nullptr || std::ranges::count_if(dimensions_, holds_some) == 1) {
    for (const auto& [size, dimension] : dimensions_) QUIPU_RETURN_IF_ERROR(take(dimension));
    return found;
  }
  const VectorCodes* known = nullptr;
  for (const uint32_t row : *rows) {
    if (rows_[row].codes == known) continue;
    known = rows_[row].codes;
    QUIPU_RETURN_IF_ERROR(take(dimensions_.at(known->dimensions())));
  }
  return found;
}

std::vector<std::string_view> VectorIndex::ids_of(std::span<const uint32_t> rows) const {
  std::vector<std::string_view> ids;
  for (const uint32_t row : rows) ids.push_back(rows_[row].id);
  return ids;
}

bool VectorIndex::scans(const TopK& wanted, const Dimension& dimension, size_t count) {
  return wanted.k > 0 && count > kTooFewToScan && static_cast<size_t>(wanted.k) < count &&
         is_regular(norm_of(wanted.query)) && !dimension.codes.has_irregular();
}

Result<std::optional<VectorStoreQueryResult>> VectorIndex::best_of(const TopK& wanted,
                                                                   const Dimension& dimension,
                                                                   std::vector<Candidate> candidates,
                                                                   size_t count, const Fetch& fetch) const {
  std::vector<NamedCandidate> named;
  for (const Candidate& candidate : candidates) {
    const Row& row = rows_[dimension.row_of_slot[candidate.slot]];
    named.push_back({candidate.upper, row.order, row.id});
  }
  QUIPU_ASSIGN_OR_RETURN(const std::vector<ScoredId> best, best_vectors(wanted, std::move(named), fetch));
  if (count <= kFewRows && has_ties(best)) return std::optional<VectorStoreQueryResult>();
  return std::optional(to_result(best));
}

Result<VectorStoreQueryResult> VectorIndex::top_k(const TopK& wanted, const std::vector<uint32_t>* rows,
                                                  const Fetch& fetch) const {
  QUIPU_ASSIGN_OR_RETURN(const Dimension* const dimension, dimension_for(wanted.query.size(), rows));
  if (dimension == nullptr) return VectorStoreQueryResult();
  const size_t count = rows != nullptr ? rows->size() : dimension->codes.size();
  if (scans(wanted, *dimension, count)) {
    std::vector<uint32_t> slots;
    if (rows != nullptr) {
      slots.reserve(rows->size());
      for (const uint32_t row : *rows) slots.push_back(slot_of_row_[row]);
    }
    const CodeQuery query{wanted.query, static_cast<size_t>(wanted.k), wanted.mode};
    auto found =
        find_candidates(dimension->codes, &dimension->sketches, query, rows != nullptr ? &slots : nullptr);
    QUIPU_ASSIGN_OR_RETURN(std::optional<VectorStoreQueryResult> best,
                           best_of(wanted, *dimension, std::move(found), count, fetch));
    if (best) return *std::move(best);
  }
  QUIPU_ASSIGN_OR_RETURN(const std::vector<ScoredId> best,
                         compare(wanted, rows != nullptr ? *rows : dimension->row_of_slot, fetch));
  return to_result(best);
}

std::vector<Result<VectorStoreQueryResult>> VectorIndex::top_k_all(std::span<const TopK> wanted,
                                                                   const Fetch& fetch, size_t threads) const {
  std::vector<Result<VectorStoreQueryResult>> results(wanted.size());
  std::vector<size_t> together;
  std::vector<CodeQuery> queries;
  const Dimension* dimension = nullptr;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const Result<const Dimension*> own = dimension_for(wanted[i].query.size(), nullptr);
    if (own && *own != nullptr && scans(wanted[i], **own, (*own)->codes.size())) {
      dimension = *own;  // the only one that there is
      together.push_back(i);
      queries.push_back({wanted[i].query, static_cast<size_t>(wanted[i].k), wanted[i].mode});
    } else {
      results[i] = top_k(wanted[i], nullptr, fetch);
    }
  }
  if (together.empty()) return results;
  auto found =
      find_candidates_together(dimension->codes, &dimension->sketches, queries, kCandidatesTogether, threads);
  for (size_t i = 0; i < together.size(); ++i) {
    const TopK& query = wanted[together[i]];
    Result<std::optional<VectorStoreQueryResult>> best;
    if (found[i]) best = best_of(query, *dimension, *std::move(found[i]), dimension->codes.size(), fetch);
    if (!best) {
      results[together[i]] = best.error();
    } else if (*best) {
      results[together[i]] = **std::move(best);
    } else {
      results[together[i]] = top_k(query, nullptr, fetch);
    }
  }
  return results;
}

// The best of `rows` by their stored elements.
Result<std::vector<ScoredId>> VectorIndex::compare(const TopK& wanted, std::vector<uint32_t> rows,
                                                   const Fetch& fetch) const {
  sort(rows);
  const double query_norm = norm_of(wanted.query);
  PythonTopK best(wanted.k);
  for (size_t begin = 0; begin < rows.size(); begin += kFetchedAtOnce) {
    const std::vector<std::string_view> ids = ids_of(rows, begin);
    QUIPU_RETURN_IF_ERROR(fetch(ids, [&](size_t i, std::span<const double> elements) {
      if (elements.size() != wanted.query.size()) return;
      best.offer({similarity(wanted.query, query_norm, elements, norm_of(elements), wanted.mode), ids[i]});
    }));
  }
  return best.sorted();
}

// Source: get_top_k_mmr_embeddings. Overlap counts with the result before only, not with all.
Result<VectorStoreQueryResult> VectorIndex::mmr(std::span<const double> query, int k, double threshold,
                                                SimilarityMode mode, const std::vector<uint32_t>& rows,
                                                const Fetch& fetch) const {
  QUIPU_ASSIGN_OR_RETURN(const Dimension* const dimension, dimension_for(query.size(), &rows));
  VectorStoreQueryResult result;
  if (dimension == nullptr) return result;
  std::vector<double> vectors(rows.size() * query.size());
  for (size_t begin = 0; begin < rows.size(); begin += kFetchedAtOnce) {
    QUIPU_RETURN_IF_ERROR(fetch(ids_of(rows, begin), [&](size_t i, std::span<const double> elements) {
      if (elements.size() != query.size()) return;
      std::ranges::copy(elements, vectors.begin() + static_cast<int64_t>((begin + i) * query.size()));
    }));
  }
  const auto vector = [&](size_t i) { return std::span(vectors).subspan(i * query.size(), query.size()); };
  const double query_norm = norm_of(query);
  std::vector<double> norms;
  std::vector<double> similarities;
  std::vector<uint32_t> left;  // indexes into rows, in order
  double score = -std::numeric_limits<double>::infinity();
  std::optional<uint32_t> best;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    norms.push_back(norm_of(vector(i)));
    similarities.push_back(similarity(query, query_norm, vector(i), norms[i], mode));
    left.push_back(i);
    if (similarities[i] * threshold > score) {
      best = i;
      score = similarities[i] * threshold;
    }
  }
  const auto all = static_cast<int64_t>(rows.size());
  const int64_t wanted = k == 0 ? all : std::min<int64_t>(k, all);
  while (static_cast<int64_t>(result.ids.size()) < wanted) {
    if (!best || !std::erase(left, *best)) {
      return no_similarity_compares();
    }
    result.ids.emplace_back(rows_[rows[*best]].id);
    result.similarities.push_back(score);
    const uint32_t recent = *best;
    score = -std::numeric_limits<double>::infinity();
    for (const uint32_t i : left) {
      const double overlap = similarity(vector(i), norms[i], vector(recent), norms[recent], mode);
      const double with_overlap = threshold * similarities[i] - ((1 - threshold) * overlap);
      if (with_overlap > score) {
        score = with_overlap;
        best = i;
      }
    }
  }
  return result;
}

}  // namespace quipu
