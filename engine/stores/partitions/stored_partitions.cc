#include "engine/stores/partitions/stored_partitions.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/codes/similarity.h"

namespace quipu {
namespace {

// So many vectors in no partition are compared by every query; with more, queries are exact until they are
// moved.
constexpr size_t kHomeAtMost = 65536;
// Partitions that are read before a search looks again which others may have something: few at first.
constexpr size_t kReadFirst = 2;
constexpr size_t kReadAtOnce = 8;
// Where no more vectors pass a filter, each query compares all of these.
constexpr size_t kComparedAtMost = 4096;
// Of these so many are read together.
constexpr size_t kEncodedAtOnce = 256;
// A vector's similarity by its code is wrong by so many standard deviations at most, it is taken.
constexpr float kDeviations = 4;

Status malformed_notes() {
  return Status::corruption("the notes of its partitions are malformed: queries are exact until a repair");
}

}  // namespace

StoredPartitions::StoredPartitions(std::string collection, double recall, size_t bytes)
    : collection_(std::move(collection)), recall_(recall), cache_(std::make_unique<PartitionCache>(bytes)) {}

Status StoredPartitions::load(const CodeReader& reader) {
  note_ = {};
  note_.next = CodeBlock::kFirstMoved;
  centroids_.reset();
  cache_->clear();
  gone_.clear();
  bool malformed = false;
  QUIPU_RETURN_IF_ERROR(
      reader.scan_notes(kPartitionsNote, [&](std::string_view /*key*/, std::string_view value) {
        const std::optional<PartitionsNote> note = PartitionsNote::parse(value);
        malformed = malformed || !note;
        if (note) note_ = *note;
        return Status::ok();
      }));
  QUIPU_ASSIGN_OR_RETURN(const std::vector<size_t> dimensions, reader.dimensions());
  if (dimensions.empty() && note_.dimensions == 0) return Status::ok();
  if (malformed) return malformed_notes();
  stale_notes_.clear();
  const bool stale = note_.dimensions != 0 && !dimensions.empty() &&
                     std::ranges::find(dimensions, note_.dimensions) == dimensions.end();
  if (stale) note_ = {.next = note_.next};
  if (note_.dimensions == 0) note_.dimensions = dimensions.back();
  mixed_ = dimensions.size() > 1 || (!dimensions.empty() && dimensions.front() != note_.dimensions) ||
           VectorEncoder::half_bytes(note_.dimensions) == 0;
  if (mixed_) return Status::ok();
  centroids_.emplace(note_.dimensions);
  encoder_.emplace(note_.dimensions);
  rotation_.emplace(note_.dimensions);
  QUIPU_RETURN_IF_ERROR(
      reader.scan_notes(kMeanNote, [&](std::string_view key, std::string_view value) -> Status {
        if (stale) {
          stale_notes_.emplace_back(key);
          return Status::ok();
        }
        const std::optional<uint64_t> partition = partition_of_mean_key(key);
        const auto mean = parse_mean(value, note_.dimensions);
        if (!partition || !mean || !note_.rows.contains(*partition)) return malformed_notes();
        centroids_->fill(*partition, *mean);
        return Status::ok();
      }));
  centroids_->end_filling();
  if (centroids_->size() != note_.rows.size()) return malformed_notes();
  return load_home(reader);
}

Status StoredPartitions::check(const CodeReader& reader) {
  QUIPU_RETURN_IF_ERROR(load(reader));
  if (!centroids_) return Status::ok();
  return reader.scan_blocks(dimensions(), CodeBlock::kFirstMoved, UINT64_MAX, [&](const CodeBlock& block) {
    if (block.rows == 0 || centroids_->contains(block.number)) return Status::ok();
    return Status::corruption("vectors are in a partition that its notes do not know");
  });
}

Status StoredPartitions::load_home(const CodeReader& reader) {
  home_ = CodedRows(note_.dimensions);
  home_rows_.clear();
  home_count_ = next_home_ = 0;
  QUIPU_RETURN_IF_ERROR(for_each_home_block(reader, [&](const CodeBlock& block) {
    home_count_ += block.rows;
    for (size_t row = 0; row < block.rows; ++row) mixed_ = mixed_ || !is_regular(block.norm(row));
    if (home_count_ <= kHomeAtMost) home_.add(view_of(block));
    return true;
  }));
  knows_home_ = home_count_ <= kHomeAtMost;
  if (!knows_home_) home_ = CodedRows(note_.dimensions);
  for (size_t row = 0; row < home_.size(); ++row) home_rows_.emplace(home_.number(row), row);
  return Status::ok();
}

Status StoredPartitions::for_each_home_block(const CodeReader& reader,
                                             const std::function<bool(const CodeBlock&)>& use) const {
  bool enough = false;
  const Status read =
      reader.scan_blocks(dimensions(), next_home_, CodeBlock::kFirstMoved - 1, [&](const CodeBlock& block) {
        enough = !use(block);
        return enough ? Status::invalid_argument("no more is wanted") : Status::ok();
      });
  return enough ? Status::ok() : read;
}

bool StoredPartitions::put(uint64_t order, std::span<const double> elements) {
  if (!centroids_) return false;
  if (elements.size() != dimensions()) mixed_ = true;
  if (mixed_) return true;
  if (!knows_home_) {
    next_home_ = 0;
    ++home_count_;
    return true;
  }
  erase(order);
  const VectorCode code = encoder_->encode(elements);
  if (!is_regular(code.norm)) {
    mixed_ = true;
    return true;
  }
  home_rows_.emplace(order, home_.size());
  home_.add(order, {code.coarse.along, code.coarse.across}, code.upper);
  return home_.size() <= kHomeAtMost;
}

void StoredPartitions::erase(uint64_t order) {
  const auto found = home_rows_.find(order);
  if (found == home_rows_.end()) {
    if (order <= note_.newest) gone_.insert(order);
    return;
  }
  const size_t row = found->second;
  home_rows_.erase(found);
  home_.move_last_to(row);
  if (row < home_.size()) home_rows_[home_.number(row)] = row;
}

size_t StoredPartitions::memory_bytes() const { return cache_->memory_bytes() + bytes_beside_cache(); }

size_t StoredPartitions::most_bytes() const { return cache_->most_bytes() + bytes_beside_cache(); }

size_t StoredPartitions::bytes_beside_cache() const {
  constexpr size_t kOfAHomeRow = 48;
  return home_.memory_bytes() + home_rows_.size() * kOfAHomeRow +
         (centroids_ ? centroids_->memory_bytes() : 0);
}

bool StoredPartitions::answers(const TopKQuery& wanted) const {
  return centroids_ && centroids_->size() != 0 && note_.recall == recall_ && knows_home_ && !mixed_ &&
         wanted.k > 0 && wanted.mode == SimilarityMode::DEFAULT && wanted.query.size() == dimensions() &&
         is_regular(norm_of(wanted.query));
}

Status StoredPartitions::for_each_partition(const CodeReader& reader, std::vector<uint64_t> partitions,
                                            const std::function<void(const RowsView&)>& use) const {
  std::vector<PartitionCache::Rows> cached;
  cache_->get(partitions, cached);
  for (size_t i = 0; i < cached.size(); ++i) {
    if (i + 1 < cached.size()) cached[i + 1]->prefetch();
    use(cached[i]->view());
  }
  if (partitions.empty()) return Status::ok();
  std::ranges::sort(partitions);
  return reader.get_blocks(dimensions(), partitions, [&](size_t /*i*/, const CodeBlock& block) {
    const auto rows = std::make_shared<CodedRows>(dimensions());
    rows->reserve(block.rows);
    rows->add_with_rests(view_of(block));
    use(rows->view());
    cache_->put(block.number, rows);
    return Status::ok();
  });
}

Result<CodedRows> StoredPartitions::encode(const CodeReader& reader,
                                           const std::vector<uint64_t>& orders) const {
  std::vector<std::pair<uint64_t, std::string>> keys;
  QUIPU_RETURN_IF_ERROR(reader.get_rows(dimensions(), orders, [&](size_t i, const CodeRow& row) {
    keys.emplace_back(orders[i], row.key);
    return Status::ok();
  }));
  CodedRows rows(dimensions());
  rows.reserve(keys.size());
  VectorEncoder encoder(dimensions());
  for (size_t begin = 0; begin < keys.size(); begin += kEncodedAtOnce) {
    std::vector<std::string_view> ids;
    for (size_t i = begin; i < std::min(begin + kEncodedAtOnce, keys.size()); ++i) {
      ids.push_back(keys[i].second);
    }
    QUIPU_RETURN_IF_ERROR(
        reader.get_vectors(dimensions(), ids, [&](size_t i, std::span<const double> elements) {
          const VectorCode code = encoder.encode(elements);
          rows.add(keys[begin + i].first, {code.coarse.along, code.coarse.across}, code.upper,
                   CodeRest::to_bytes(ids[i], code, dimensions()));
        }));
  }
  return rows;
}

Status StoredPartitions::search_partitions(const CodeReader& reader, const FilteredRows::Passing* passing,
                                           PartitionSearch& search, bool& at_home) const {
  if (passing != nullptr && passing->orders().size() <= kComparedAtMost) {
    QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const CodedRows> rows,
                           passing->rows([&] { return encode(reader, passing->orders()); }));
    search.take(rows->view());
    return Status::ok();
  }
  search.take(home_.view());
  at_home = false;
  for (auto next = search.next(kReadFirst); !next.empty(); next = search.next(kReadAtOnce)) {
    QUIPU_RETURN_IF_ERROR(
        for_each_partition(reader, std::move(next), [&](const RowsView& rows) { search.take(rows); }));
  }
  return Status::ok();
}

Result<VectorStoreQueryResult> StoredPartitions::top_k(const TopKQuery& wanted, const CodeReader& reader,
                                                       const FilteredRows::Passing* passing) const {
  const Probe probe(wanted.query, *rotation_);
  bool at_home = true;
  PartitionSearch::Wanted of_rows{.k = static_cast<size_t>(wanted.k), .reach = note_.reach};
  if (passing != nullptr || !gone_.empty()) {
    of_rows.passes = [&](uint64_t order) {
      return (at_home || !gone_.contains(order)) && (passing == nullptr || passing->contains(order));
    };
  }
  PartitionSearch search(*centroids_, probe, std::move(of_rows));
  QUIPU_RETURN_IF_ERROR(search_partitions(reader, passing, search, at_home));
  std::vector<PartitionSearch::Hit> hits = search.hits();
  QUIPU_RETURN_IF_ERROR(look_up(reader, probe, hits));
  std::vector<NamedCandidate> candidates;
  for (const PartitionSearch::Hit& hit : hits) {
    if (hit.is_known) candidates.push_back({double{hit.similarity} + hit.error, hit.number, hit.key});
  }
  QUIPU_ASSIGN_OR_RETURN(const std::vector<ScoredId> best,
                         best_vectors(wanted, std::move(candidates), [&](auto ids, const auto& use) {
                           return reader.get_vectors(dimensions(), ids, use);
                         }));
  return to_result(best);
}

Status StoredPartitions::look_up(const CodeReader& reader, const Probe& probe,
                                 std::vector<PartitionSearch::Hit>& hits) const {
  std::vector<PartitionSearch::Hit*> unknown;
  for (PartitionSearch::Hit& hit : hits) {
    if (!hit.is_known) unknown.push_back(&hit);
  }
  std::ranges::sort(unknown, {}, [](const PartitionSearch::Hit* hit) { return hit->number; });
  std::vector<uint64_t> orders;
  for (const PartitionSearch::Hit* hit : unknown) orders.push_back(hit->number);
  const CodeKernels& kernels = code_kernels().front();
  const float root = std::sqrt(static_cast<float>(dimensions()));
  return reader.get_rows(dimensions(), orders, [&](size_t i, const CodeRow& row) {
    PartitionSearch::Hit& hit = *unknown[i];
    const int32_t lower = kernels.row(row.lower.data(), row.lower.size() / kChunkBytes, probe.code());
    hit.similarity = probe.similarity_of_bytes(16 * int64_t{hit.product} + lower, row.fine.along);
    hit.error = kDeviations * row.fine.across / row.fine.along / root;
    hit.is_known = true;
    hit.key = row.key;
    return Status::ok();
  });
}

}  // namespace quipu
