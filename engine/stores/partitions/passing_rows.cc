// StoredPartitions: codes of what passes a filter, for queries with that filter.

#include <algorithm>
#include <utility>

#include "engine/stores/partitions/stored_partitions.h"
#include "engine/vectors/codes/similarity.h"

namespace quipu {
namespace {

// So many vectors are read together.
constexpr size_t kVectorsAtOnce = 256;
// Where more vectors pass than one of so many, a search of partitions finds some without a copy.
constexpr uint64_t kPartCopied = 4;
// What part of the memory of partitions a copy may take: as much as all where the most filters are
// remembered.
constexpr size_t kPartOfMemory = 16;
// Where fewer vectors pass than one of so many, reading them is faster than reading all codes.
constexpr uint64_t kPartEncoded = 128;

bool are_encoded(uint64_t passing, uint64_t vectors) { return passing * kPartEncoded < vectors; }

}  // namespace

Status StoredPartitions::for_each_vector(
    const CodeReader& reader, const std::vector<uint64_t>& orders,
    const std::function<void(uint64_t, std::string_view, std::span<const double>)>& use) const {
  std::vector<std::pair<uint64_t, std::string>> keys;
  QUIPU_RETURN_IF_ERROR(reader.get_rows(dimensions(), orders, [&](size_t i, const CodeRow& row) {
    keys.emplace_back(orders[i], row.key);
    return Status::ok();
  }));
  for (size_t begin = 0; begin < keys.size(); begin += kVectorsAtOnce) {
    std::vector<std::string_view> ids;
    for (size_t i = begin; i < std::min(begin + kVectorsAtOnce, keys.size()); ++i) {
      ids.push_back(keys[i].second);
    }
    QUIPU_RETURN_IF_ERROR(reader.get_vectors(
        dimensions(), ids,
        [&](size_t i, std::span<const double> elements) { use(keys[begin + i].first, ids[i], elements); }));
  }
  return Status::ok();
}

Result<CodedRows> StoredPartitions::encode(const CodeReader& reader,
                                           const std::vector<uint64_t>& orders) const {
  CodedRows rows(dimensions());
  rows.reserve(orders.size());
  VectorEncoder encoder(dimensions());
  QUIPU_RETURN_IF_ERROR(for_each_vector(
      reader, orders, [&](uint64_t order, std::string_view key, std::span<const double> elements) {
        const VectorCode code = encoder.encode(elements);
        if (!is_regular(code.norm)) return;
        rows.add(order, {code.coarse.along, code.coarse.across}, code.upper,
                 CodeRest::to_bytes(key, code, dimensions()));
      }));
  return rows;
}

bool StoredPartitions::is_copied(const CodeReader& reader, const FilteredRows::Passing& passing) const {
  const uint64_t count = passing.orders().size();
  const uint64_t bytes = count * (VectorEncoder::half_bytes(dimensions()) + sizeof(uint64_t) + sizeof(float));
  return are_encoded(count, reader.count()) ||
         (count * kPartCopied < reader.count() && bytes <= cache_->most_bytes() / kPartOfMemory);
}

Result<PassingRows> StoredPartitions::copy_passing(const CodeReader& reader,
                                                   const FilteredRows::Passing& passing) const {
  std::unordered_map<uint64_t, std::pair<size_t, size_t>> of_partitions;
  if (are_encoded(passing.orders().size(), reader.count())) {
    QUIPU_ASSIGN_OR_RETURN(const CodedRows rows, encode(reader, passing.orders()));
    of_partitions.emplace(0, std::pair(size_t{0}, rows.size()));
    return PassingRows{PackedRows(rows.view(), dimensions()), std::move(of_partitions), arrangement_};
  }
  CodedRows rows(dimensions());
  const auto take = [&](const CodeBlock& block) {
    const size_t begin = rows.size();
    const RowsView view = view_of(block);
    for (size_t row = 0; row < block.rows; ++row) {
      if (!passing.contains(block.order(row)) || !is_regular(block.norm(row))) continue;
      const std::span upper(view.upper + row * rows.row_bytes(), rows.row_bytes());
      rows.add(block.order(row), block.coarse(row), upper, block.rest(row));
    }
    if (rows.size() == begin) return;
    auto& range = of_partitions[block.number < CodeBlock::kFirstMoved ? 0 : block.number];
    if (range.second == 0) range.first = begin;
    range.second = rows.size();
  };
  QUIPU_RETURN_IF_ERROR(reader.scan_blocks(dimensions(), 0, UINT64_MAX, [&](const CodeBlock& block) {
    take(block);
    return Status::ok();
  }));
  return PassingRows{PackedRows(rows.view(), dimensions()), std::move(of_partitions), arrangement_};
}

}  // namespace quipu
