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
constexpr size_t kReadAtOnce = 8;
// What part of the memory compared vectors may take.
constexpr size_t kPartForVectors = 4;
// Codes of what passes a filter are compared all where they take no more bytes: partitions to choose among
// them would not be read faster.
constexpr size_t kComparedAtMost = 2 << 20;
// A vector's similarity by its code is wrong by so many standard deviations at most, it is taken.
constexpr float kDeviations = 4;

// They are read soon: all of a few rows of few bytes. What follows the processor fetches by itself.
void prefetch(const PackedRows& rows) {
  constexpr size_t kLine = 64;
  constexpr size_t kLines = 96;
  const auto* const from = reinterpret_cast<const char*>(rows.along(0));
  for (size_t at = 0; at < std::min(rows.memory_bytes(), kLines * kLine); at += kLine) {
    __builtin_prefetch(from + at, 0, 2);
  }
}

void search_copy(const PassingRows& copy, PartitionSearch& search) {
  const size_t row_bytes = copy.rows.chunks() * kChunkBytes + sizeof(float);
  if (copy.rows.size() * row_bytes <= kComparedAtMost) return search.take(copy.rows);
  const auto take = [&](uint64_t partition) {
    const auto found = copy.of_partitions.find(partition);
    if (found != copy.of_partitions.end()) search.take(copy.rows, found->second.first, found->second.second);
  };
  take(0);
  for (auto next = search.next(1); !next.empty(); next = search.next(1)) take(next.front());
}

Status malformed_notes() {
  return Status::corruption("the notes of its partitions are malformed: queries are exact until a repair");
}

}  // namespace

StoredPartitions::StoredPartitions(std::string collection, double recall, size_t bytes)
    : collection_(std::move(collection)),
      recall_(recall),
      cache_(std::make_unique<PartitionCache>(bytes - bytes / kPartForVectors)),
      compared_(std::make_unique<ComparedVectors>(bytes / kPartForVectors)) {}

Status StoredPartitions::load(const CodeReader& reader) {
  note_ = {};
  note_.next = CodeBlock::kFirstMoved;
  centroids_.reset();
  cache_->clear();
  compared_->clear();
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
    for (size_t row = 0; row < block.rows; ++row) {
      mixed_ = mixed_ || !(is_regular(block.norm(row)) || block.norm(row) == 0);
    }
    const CodedRows rows = regular_rows(block);
    home_count_ += rows.size();
    if (home_count_ <= kHomeAtMost) home_.add(rows.view());
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

CodedRows StoredPartitions::regular_rows(const CodeBlock& block) const {
  CodedRows rows(dimensions());
  rows.reserve(block.rows);
  const size_t half = rows.row_bytes();
  for (size_t row = 0; row < block.rows; ++row) {
    if (!is_regular(block.norm(row))) continue;
    const VectorCode::Direction coarse = block.coarse(row);
    rows.add(block.order(row), {coarse.along, coarse.across}, {block.upper + row * half, half});
  }
  return rows;
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
    mixed_ = code.norm != 0;
    return true;
  }
  home_rows_.emplace(order, home_.size());
  home_.add(order, {code.coarse.along, code.coarse.across}, code.upper);
  return home_.size() <= kHomeAtMost;
}

void StoredPartitions::erase(uint64_t order) {
  compared_->forget(order);
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

size_t StoredPartitions::memory_bytes() const {
  return cache_->memory_bytes() + compared_->memory_bytes() + bytes_beside_caches();
}

size_t StoredPartitions::most_bytes() const {
  return cache_->most_bytes() + compared_->most_bytes() + bytes_beside_caches();
}

size_t StoredPartitions::bytes_beside_caches() const {
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
                                            const std::function<void(const PackedRows&)>& use) const {
  std::vector<PartitionCache::Rows> cached;
  cache_->get(partitions, cached);
  if (!cached.empty()) prefetch(*cached.front());
  for (size_t i = 0; i < cached.size(); ++i) {
    if (i + 1 < cached.size()) prefetch(*cached[i + 1]);
    use(*cached[i]);
  }
  if (partitions.empty()) return Status::ok();
  std::ranges::sort(partitions);
  return reader.get_blocks(dimensions(), partitions, [&](size_t /*i*/, const CodeBlock& block) {
    const auto rows = std::make_shared<const PackedRows>(view_of(block), dimensions());
    use(*rows);
    cache_->put(block.number, rows);
    return Status::ok();
  });
}

Status StoredPartitions::search_partitions(const CodeReader& reader, const FilteredRows::Passing* passing,
                                           PartitionSearch& search, bool& at_home) const {
  if (passing != nullptr && is_copied(reader, *passing)) {
    QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const PassingRows> copy,
                           passing->rows(arrangement_, [&] { return copy_passing(reader, *passing); }));
    search_copy(*copy, search);
    return Status::ok();
  }
  search.take(home_.view());
  at_home = false;
  size_t at_once = 1;
  for (auto next = search.next(1); !next.empty(); next = search.next(at_once)) {
    QUIPU_RETURN_IF_ERROR(
        for_each_partition(reader, std::move(next), [&](const PackedRows& rows) { search.take(rows); }));
    at_once = std::min(2 * at_once, kReadAtOnce);
  }
  return Status::ok();
}

Result<std::vector<PartitionSearch::Hit>> StoredPartitions::near_rows(const CodeReader& reader,
                                                                      const Probe& probe, size_t k,
                                                                      const Reach& reach,
                                                                      const FilteredRows::Passing* passing,
                                                                      PartitionSearch::Work* work) const {
  bool at_home = true;
  PartitionSearch::Wanted wanted{.k = k, .reach = reach};
  if (passing != nullptr || !gone_.empty()) {
    wanted.passes = [&](uint64_t order) {
      return (at_home || !gone_.contains(order)) && (passing == nullptr || passing->contains(order));
    };
  }
  PartitionSearch search(*centroids_, probe, std::move(wanted));
  QUIPU_RETURN_IF_ERROR(search_partitions(reader, passing, search, at_home));
  if (work != nullptr) *work = search.work();
  return search.hits();
}

Result<VectorStoreQueryResult> StoredPartitions::top_k(const TopKQuery& wanted, const CodeReader& reader,
                                                       const FilteredRows::Passing* passing) const {
  const Probe probe(wanted.query, *rotation_);
  QUIPU_ASSIGN_OR_RETURN(std::vector<PartitionSearch::Hit> hits,
                         near_rows(reader, probe, static_cast<size_t>(wanted.k), note_.reach, passing));
  QUIPU_RETURN_IF_ERROR(look_up(reader, probe, hits));
  std::vector<NamedCandidate> candidates;
  for (const PartitionSearch::Hit& hit : hits) {
    if (hit.is_known) candidates.push_back({double{hit.similarity} + hit.error, hit.number, hit.key});
  }
  QUIPU_ASSIGN_OR_RETURN(const std::vector<ScoredId> best,
                         best_candidates(wanted, std::move(candidates), [&](auto some, const auto& use) {
                           return fetch(reader, some, use);
                         }));
  return to_result(best);
}

Status StoredPartitions::fetch(const CodeReader& reader, std::span<const NamedCandidate> some,
                               const ComparedVectors::Use& use) const {
  std::vector<uint64_t> orders;
  orders.reserve(some.size());
  for (const NamedCandidate& each : some) orders.push_back(each.order);
  const std::vector<size_t> absent = compared_->use_those_there(orders, use);
  if (absent.empty()) return Status::ok();
  std::vector<std::string_view> ids;
  for (const size_t i : absent) ids.push_back(some[i].id);
  return reader.get_vectors(dimensions(), ids, [&](size_t i, std::span<const double> elements) {
    use(absent[i], elements);
    compared_->put(orders[absent[i]], elements);
  });
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
