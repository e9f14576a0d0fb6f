#include "engine/vectors/stored/code_index.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "engine/vectors/cascade/code_search.h"
#include "engine/vectors/stored/block_scan.h"
#include "engine/vectors/stored/row_search.h"

namespace quipu {
namespace {

// Codes of fewer vectors are read by one thread.
constexpr size_t kManyVectors = 16384;
// Of several queries those that have more candidates are asked by themselves.
constexpr size_t kCandidatesTogether = 16384;

Status not_as_many() {
  return Status::corruption("there are not as many codes as vectors; repair makes them anew");
}

std::string_view bytes_of(const uint64_t& order) {
  return {reinterpret_cast<const char*>(&order), sizeof(order)};
}

}  // namespace

uint64_t CodeIndex::expected_bytes(uint64_t vectors, size_t dimensions) {
  constexpr uint64_t kOfAVector = sizeof(double) + sizeof(VectorCode::Direction) + sizeof(uint64_t);
  return vectors * (VectorEncoder::half_bytes(dimensions) + kOfAVector);
}

CodeIndex::Dimension& CodeIndex::dimension_of(size_t dimensions) {
  return dimensions_.try_emplace(dimensions, dimensions).first->second;
}

Status CodeIndex::load(const CodeReader& reader, size_t threads, const std::function<Status()>& check) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<size_t> dimensions, reader.dimensions());
  uint64_t left = reader.count();
  for (size_t i = 0; i < dimensions.size(); ++i) {
    uint64_t count = left;
    if (i + 1 < dimensions.size()) {
      count = 0;
      QUIPU_RETURN_IF_ERROR(reader.scan_blocks(dimensions[i], 0, UINT64_MAX, [&](const CodeBlock& block) {
        count += block.rows;
        return check();
      }));
    }
    if (count > left) return not_as_many();
    QUIPU_RETURN_IF_ERROR(load_dimension(reader, dimension_of(dimensions[i]), count,
                                         count < kManyVectors ? 1 : threads, check));
    left -= count;
  }
  return left == 0 ? Status::ok() : not_as_many();
}

Status CodeIndex::load_dimension(const CodeReader& reader, Dimension& dimension, size_t count, size_t threads,
                                 const std::function<Status()>& check) const {
  VectorCodes& codes = dimension.codes;
  codes.grow(count);
  dimension.orders.resize(count);
  std::atomic<size_t> next = 0;
  const auto take = [&](const CodeBlock& block) -> Status {
    QUIPU_RETURN_IF_ERROR(check());
    const size_t slot = next.fetch_add(block.rows);
    if (slot + block.rows > count) return not_as_many();
    std::memcpy(dimension.orders.data() + slot, block.orders, block.rows * sizeof(uint64_t));
    codes.put_rows(slot, block);
    return Status::ok();
  };
  QUIPU_RETURN_IF_ERROR(
      scan_on_threads(reader, codes.dimensions(), threads,
                      [&](size_t /*thread*/, const CodeBlock& block) { return take(block); }));
  codes.settle();
  return next == count ? Status::ok() : not_as_many();
}

std::optional<uint32_t> CodeIndex::slot_of(Dimension& dimension, uint64_t order) {
  const auto order_of = [&](uint32_t slot) { return bytes_of(dimension.orders[slot]); };
  if (dimension.slots.size() == 0) {
    for (uint32_t slot = 0; slot < dimension.orders.size(); ++slot) {
      dimension.slots.add(bytes_of(dimension.orders[slot]), slot);
    }
  }
  return dimension.slots.find(bytes_of(order), order_of);
}

void CodeIndex::put(uint64_t order, std::span<const double> elements) {
  for (auto& [size, dimension] : dimensions_) {
    const std::optional<uint32_t> slot = slot_of(dimension, order);
    if (!slot) continue;
    if (size == elements.size()) {
      dimension.codes.set(*slot, elements);
      return dimension.sketches.changed(dimension.codes, *slot);
    }
    remove(dimension, order, *slot);
  }
  Dimension& dimension = dimension_of(elements.size());
  (void)slot_of(dimension, order);
  const auto slot = static_cast<uint32_t>(dimension.codes.add(elements));
  dimension.sketches.changed(dimension.codes, slot);
  dimension.orders.push_back(order);
  dimension.slots.add(bytes_of(order), slot);
}

void CodeIndex::erase(uint64_t order) {
  for (auto& [size, dimension] : dimensions_) {
    if (const std::optional<uint32_t> slot = slot_of(dimension, order)) remove(dimension, order, *slot);
  }
}

void CodeIndex::remove(Dimension& dimension, uint64_t order, uint32_t slot) {
  const auto last = static_cast<uint32_t>(dimension.orders.size() - 1);
  dimension.slots.remove(bytes_of(order), slot);
  if (slot != last) {
    const uint64_t moved = dimension.orders[last];
    dimension.slots.remove(bytes_of(moved), last);
    dimension.slots.add(bytes_of(moved), slot);
    dimension.orders[slot] = moved;
  }
  dimension.orders.pop_back();
  dimension.codes.move_last_to(slot);
  dimension.sketches.changed(dimension.codes, slot);
}

void CodeIndex::clear() { dimensions_.clear(); }

size_t CodeIndex::size() const {
  size_t size = 0;
  for (const auto& [dimensions, dimension] : dimensions_) size += dimension.orders.size();
  return size;
}

size_t CodeIndex::memory_bytes() const {
  size_t bytes = 0;
  for (const auto& [dimensions, dimension] : dimensions_) {
    bytes += dimension.codes.memory_bytes() + dimension.sketches.memory_bytes() +
             dimension.orders.capacity() * sizeof(uint64_t) + dimension.slots.memory_bytes();
  }
  return bytes;
}

const CodeIndex::Dimension* CodeIndex::only_dimension() const {
  const Dimension* only = nullptr;
  for (const auto& [size, dimension] : dimensions_) {
    if (dimension.orders.empty()) continue;
    if (only != nullptr) return nullptr;
    only = &dimension;
  }
  return only;
}

const CodeIndex::Dimension* CodeIndex::only_dimension(size_t dimensions) const {
  const Dimension* const only = only_dimension();
  return only != nullptr && only->codes.dimensions() == dimensions ? only : nullptr;
}

bool CodeIndex::wants_to_learn(uint64_t bytes) const {
  const Dimension* const only = only_dimension();
  return only != nullptr && only->sketches.wants(only->codes) &&
         memory_bytes() + Sketches::expected_bytes(only->codes) <= bytes;
}

void CodeIndex::learn() {
  if (const Dimension* const only = only_dimension()) {
    Dimension& dimension = dimension_of(only->codes.dimensions());
    dimension.sketches.learn(dimension.codes);
  }
}

bool CodeIndex::answers(const TopKQuery& wanted) const {
  const Dimension* const dimension = only_dimension(wanted.query.size());
  return dimension != nullptr && !dimension->codes.has_irregular() &&
         codes_tell(wanted, dimension->orders.size());
}

Result<std::optional<VectorStoreQueryResult>> CodeIndex::best_of(const TopKQuery& wanted,
                                                                 const Dimension& dimension,
                                                                 std::vector<Candidate> candidates,
                                                                 const CodeReader& reader, bool& gone) const {
  RowSearch rows(wanted, dimension.codes, reader);
  std::optional<VectorStoreQueryResult> found;
  QUIPU_RETURN_IF_ERROR(rows.take(dimension.codes, std::move(candidates),
                                  [&](uint32_t slot) { return dimension.orders[slot]; }));
  if (!rows.fails()) {
    QUIPU_ASSIGN_OR_RETURN(found, rows.finish());
  }
  if (rows.fails()) found.reset();
  gone = gone || rows.gone();
  return found;
}

Result<std::optional<VectorStoreQueryResult>> CodeIndex::top_k(const TopKQuery& wanted,
                                                               const CodeReader& reader, bool& gone) const {
  const Dimension& dimension = *only_dimension(wanted.query.size());
  const CodeQuery query{wanted.query, static_cast<size_t>(wanted.k), wanted.mode};
  return best_of(wanted, dimension, find_candidates(dimension.codes, &dimension.sketches, query, nullptr),
                 reader, gone);
}

std::vector<Result<std::optional<VectorStoreQueryResult>>> CodeIndex::top_k_all(
    std::span<const TopKQuery> wanted, const CodeReader& reader, bool& gone, size_t threads) const {
  std::vector<Result<std::optional<VectorStoreQueryResult>>> results;
  if (wanted.empty()) return results;
  const Dimension& dimension = *only_dimension(wanted.front().query.size());
  std::vector<CodeQuery> queries;
  for (const TopKQuery& each : wanted)
    queries.push_back({each.query, static_cast<size_t>(each.k), each.mode});
  auto found =
      find_candidates_together(dimension.codes, &dimension.sketches, queries, kCandidatesTogether, threads);
  for (size_t i = 0; i < wanted.size(); ++i) {
    results.push_back(found[i] ? best_of(wanted[i], dimension, *std::move(found[i]), reader, gone)
                               : top_k(wanted[i], reader, gone));
  }
  return results;
}

}  // namespace quipu
