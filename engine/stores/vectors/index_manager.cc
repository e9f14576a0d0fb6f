#include "engine/stores/vectors/index_manager.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "engine/stores/vectors/vector_reader.h"
#include "engine/stores/within_memory.h"
#include "engine/vectors/vector_search.h"
#include "quipu/backend/features.h"
#include "quipu/backend/vector_codes.h"

namespace quipu {
namespace {

// Queries compare so many vectors that are not in the graph yet, but not more.
constexpr size_t kPendingAtMost = 512;
// What part of the memory an index may take that has all of the codes, and ids. Beyond it the first query
// reads half of the codes, and no ids; what is larger fits into the rest.
constexpr uint64_t kPartForIndex = 3;
// So many steps of partitions go with a write that finds many vectors in none: what some 4,096 of these take
// is a move, some divisions at once, and at times a calibration.
constexpr size_t kStepsOfAWrite = 24;
// So many vectors that have no codes yet get them at a time.
constexpr uint64_t kCodedAtOnce = 4096;
constexpr std::string_view kSettings = "settings";
constexpr std::string_view kRecall = "recall";

}  // namespace

Result<std::shared_lock<std::shared_mutex>> IndexManager::lock(const MetadataFilters* filters,
                                                               bool needs_index) const {
  for (bool loaded = false;; loaded = true) {  // in this call: newer than its beginning, whoever writes
    {
      std::shared_lock reading(cache_.mutex);
      const bool has_columns =
          filters == nullptr || keys_without_column(*filters, cache_.index.columns()).empty();
      const bool has_index = !needs_index || !cache_.codes;
      if (cache_.streamed || (cache_.loaded && has_columns && has_index)) {
        QUIPU_ASSIGN_OR_RETURN(const bool current, loaded ? true : cache_.is_current(*store_.kvstore));
        if (current) return with_more_learned(with_few_pending(std::move(reading)));
      }
    }
    std::lock_guard writing(cache_.writing);
    QUIPU_RETURN_IF_ERROR(load(needs_index));
    if (filters != nullptr) QUIPU_RETURN_IF_ERROR(make_columns(*filters));
  }
}

// Brings vectors into the graph that transactions have left pending, unless somebody is at it.
std::shared_lock<std::shared_mutex> IndexManager::with_few_pending(
    std::shared_lock<std::shared_mutex> lock) const {
  if (!cache_.hnsw || cache_.hnsw->pending().size() <= kPendingAtMost) return lock;
  const std::unique_lock writing(cache_.writing, std::try_to_lock);
  if (!writing.owns_lock()) return lock;
  lock.unlock();
  (void)hnsw_.insert_pending().is_ok();  // those that cannot be brought in are compared exactly, as before
  lock.lock();
  return lock;
}

// A step of what makes queries faster, unless somebody is at it.
std::shared_lock<std::shared_mutex> IndexManager::with_more_learned(
    std::shared_lock<std::shared_mutex> lock) const {
  if (!cache_.wants_to_learn()) return lock;
  const std::unique_lock writing(cache_.writing, std::try_to_lock);
  if (!writing.owns_lock()) return lock;
  lock.unlock();
  {
    const std::unique_lock alone(cache_.mutex);
    if (cache_.wants_to_learn()) {
      (void)succeeds_within_memory([this] {
        cache_.learn();
        return Status::ok();
      });
    }
  }
  lock.lock();
  return lock;
}

Status IndexManager::load(bool needs_index) const {
  {
    std::unique_lock lock(cache_.mutex);
    QUIPU_ASSIGN_OR_RETURN(const bool current, cache_.is_current(*store_.kvstore));
    if (current && !(needs_index && cache_.codes)) return Status::ok();
    current || !cache_.loaded ? cache_.forget_index() : cache_.forget();
    QUIPU_RETURN_IF_ERROR(cache_.version.begin(*store_.kvstore));
    QUIPU_RETURN_IF_ERROR(hnsw_.load());
    cache_.loaded = true;
    QUIPU_RETURN_IF_ERROR(make_or_forget(
        [&] {
          Status taken = read(needs_index);
          return cache_.streamed ? Status::ok() : taken;
        },
        [&] { cache_.forget(); }));
    if (cache_.streamed) return Status::ok();
    if (cache_.hnsw) cache_.hnsw->finish_adoption();
  }
  return hnsw_.insert_pending();
}

Status IndexManager::check() const {
  if (cache_.work != nullptr) QUIPU_RETURN_IF_ERROR(cache_.work->check());
  cache_.keep_within_budget();
  return cache_.loaded ? Status::ok() : Status::invalid_argument("the index is too large");
}

Status IndexManager::read(bool needs_index) const {
  const VectorValues& vectors = store_.kvstore->vector_values();
  if (!cache_.hnsw) {  // which is checked against the vectors
    const Result<std::unique_ptr<CodeReader>> codes = vectors.codes(store_.collections.embeddings);
    const Status read = !codes ? codes.error() : *codes ? read_codes(**codes, needs_index) : Status::ok();
    const bool damaged = read.code() == StatusCode::kCorruption;
    if (!damaged && (!read.is_ok() || *codes)) return read;
    // Codes are kept beside the vectors, and what they tell these tell, too.
    cache_.index.clear();
    cache_.codes.reset();
  }
  return vectors.scan_vectors(store_.collections.embeddings, [&](const VectorEntry& each) {
    cache_.index.put(each.key, each.order, each.elements);
    if (cache_.hnsw) cache_.hnsw->adopt(*cache_.index.row_of(each.key), each.key, each.elements);
    return check();
  });
}

Status IndexManager::read_codes(const CodeReader& codes, bool needs_index) const {
  const auto go_on = [this] { return check(); };
  QUIPU_ASSIGN_OR_RETURN(const std::vector<size_t> dimensions, codes.dimensions());
  const size_t most = dimensions.empty() ? 0 : dimensions.back();
  const uint64_t budget = cache_.room_for_index();
  if (needs_index || VectorIndex::expected_bytes(codes.count(), most) <= budget / kPartForIndex) {
    return cache_.index.load(codes, go_on);
  }
  if (CodeIndex::expected_bytes(codes.count(), most) > budget) {
    cache_.forget_index();
    cache_.streamed = true;
    return Status::ok();
  }
  cache_.codes.emplace();
  return cache_.codes->load(codes, store_.reading_threads(), [] { return Status::ok(); });
}

Status IndexManager::make_columns(const MetadataFilters& filters) const {
  std::unique_lock lock(cache_.mutex);
  if (cache_.streamed) return Status::ok();
  VectorIndex& index = cache_.index;
  const auto for_each = [&](const std::function<void(uint32_t, JsonView)>& use) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it,
                           store_.kvstore->scan({}, store_.collections.metadata));
    while (it->next()) {
      if (const std::optional<uint32_t> row = index.row_of(it->key())) use(*row, it->val());
    }
    return it->status();
  };
  const std::vector<std::string> keys = keys_without_column(filters, index.columns());
  QUIPU_RETURN_IF_ERROR(index.columns().make(keys, index.rows(), for_each));
  cache_.keep_within_budget();
  return Status::ok();
}

Status IndexManager::use_hnsw(const HnswOptions& options, const ProgressCallback& progress) const {
  QUIPU_RETURN_IF_ERROR(check_hnsw_options(options));
  if (store_.kvstore->capabilities().in_transaction) {
    return Status::not_supported("use_hnsw is not part of a transaction");
  }
  std::lock_guard writing(cache_.writing);
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> before, hnsw_.json());
  Status made = watch(progress, store_.collections.embeddings, [&](Work& work) {
    const auto end = [this](Work* /*work*/) { cache_.work = nullptr; };
    const std::unique_ptr<Work, decltype(end)> working(cache_.work = &work, end);
    return make_hnsw(options);
  });
  if (made.is_ok()) return made;
  QUIPU_RETURN_IF_ERROR(hnsw_.restore(before));
  std::unique_lock lock(cache_.mutex);
  cache_.forget();
  return made;
}

Status IndexManager::make_hnsw(const HnswOptions& options) const {
  QUIPU_RETURN_IF_ERROR(load(/*needs_index=*/true));
  QUIPU_RETURN_IF_ERROR(hnsw_.check_fits(options));
  QUIPU_RETURN_IF_ERROR(hnsw_.set_options(options));
  {
    std::unique_lock lock(cache_.mutex);
    cache_.forget();
  }
  QUIPU_RETURN_IF_ERROR(load(/*needs_index=*/true));
  return hnsw_.save();
}

Result<std::optional<double>> IndexManager::ann() const {
  std::optional<double> recall;
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> settings,
                         store_.kvstore->get(kSettings, store_.collections.ann));
  if (!settings) return recall;
  const std::optional<JsonView> member = settings->view().find(kRecall);
  if (member) recall = member->number();
  if (!recall || !(*recall > 0 && *recall < 1)) {
    return Status::corruption("vector store: the stored recall is malformed: " +
                              std::string(settings->text()));
  }
  return recall;
}

Status IndexManager::set_recall(std::optional<double> recall) const {
  const std::string& collection = store_.collections.ann;
  if (!recall) return store_.kvstore->delete_(kSettings, collection).status();
  std::string settings = "{\"" + std::string(kRecall) + "\": ";
  append_json_double(*recall, settings);
  return store_.kvstore->put(kSettings, Json::from_canonical(settings + "}"), collection);
}

// Damaged notes are none for queries, which are exact; use_ann() and verify tell of them.
Status IndexManager::load_partitions() const {
  std::unique_lock lock(cache_.mutex);
  if (cache_.knows_partitions) return Status::ok();
  cache_.forget_partitions();
  QUIPU_ASSIGN_OR_RETURN(const std::optional<double> recall, ann());
  if (recall) {
    const std::string& collection = store_.collections.embeddings;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<CodeReader> codes,
                           store_.kvstore->vector_values().codes(collection));
    if (!codes) return Status::ok();  // not yet
    StoredPartitions partitions(collection, *recall, cache_.room_for_partitions());
    cache_.partitions_problem = partitions.load(*codes);
    const bool damaged = cache_.partitions_problem.code() == StatusCode::kCorruption;
    if (!cache_.partitions_problem.is_ok() && !damaged) return cache_.partitions_problem;
    if (!damaged) cache_.partitions.emplace(std::move(partitions));
  }
  cache_.knows_partitions = true;
  return Status::ok();
}

Status IndexManager::arrange(size_t steps, bool all) const {
  const KVCapabilities can = store_.kvstore->capabilities();
  for (size_t i = 0; (all || i < steps) && !can.in_transaction && !can.read_only; ++i) {
    if (cache_.work != nullptr) QUIPU_RETURN_IF_ERROR(cache_.work->check());
    QUIPU_RETURN_IF_ERROR(load_partitions());
    if (!cache_.partitions) return cache_.partitions_problem;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<CodeReader> codes,
                           store_.kvstore->vector_values().codes(store_.collections.embeddings));
    if (!codes) return Status::ok();
    QUIPU_ASSIGN_OR_RETURN(std::optional<StoredPartitions::Step> step,
                           cache_.partitions->next_step(*codes, all));
    if (!step) return Status::ok();
    std::unique_lock lock(cache_.mutex);
    if (!step->batch.empty()) QUIPU_RETURN_IF_ERROR(store_.kvstore->write(step->batch));
    if (cache_.partitions->apply(*std::move(step))) cache_.forget_partitions();
    if (cache_.work != nullptr && cache_.partitions) {
      const uint64_t left = std::min(codes->count(), cache_.partitions->in_none());
      cache_.work->set_done((codes->count() - left) * cache_.partitions->dimensions() * sizeof(float));
    }
  }
  return Status::ok();
}

Status IndexManager::arrange_some() const {
  if (store_.kvstore->capabilities().in_transaction) return Status::ok();
  // The vectors are written: what fails here, queries and verify tell of, and a later write tries again.
  if (!cache_.knows_partitions && !load_partitions().is_ok()) return Status::ok();
  if (!cache_.partitions || !cache_.partitions->wants_step()) return Status::ok();
  (void)arrange(kStepsOfAWrite, /*all=*/false).is_ok();
  return Status::ok();
}

Status IndexManager::make_partitions() const {
  for (bool made = false; !made;) {
    QUIPU_RETURN_IF_ERROR(cache_.work->check());
    QUIPU_ASSIGN_OR_RETURN(made, store_.kvstore->make_codes(store_.collections.embeddings, kCodedAtOnce));
  }
  const std::string& collection = store_.collections.embeddings;
  QUIPU_ASSIGN_OR_RETURN(const uint64_t count, store_.kvstore->count(collection));
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<CodeReader> codes,
                         store_.kvstore->vector_values().codes(collection));
  if (!codes && count != 0) return Status::not_supported("this store keeps no codes of vectors");
  if (codes) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<size_t> dimensions, codes->dimensions());
    if (!dimensions.empty()) cache_.work->expect(count * dimensions.back() * sizeof(float));
  }
  QUIPU_RETURN_IF_ERROR(arrange(0, /*all=*/true));
  return cache_.work->finish();
}

Status IndexManager::use_ann(double recall, const ProgressCallback& progress) const {
  if (!(recall > 0 && recall < 1)) {
    return Status::invalid_argument("a recall is above 0 and below 1, but is " + std::to_string(recall));
  }
  const KVCapabilities can = store_.kvstore->capabilities();
  if (can.in_transaction) return Status::not_supported("use_ann is not part of a transaction");
  std::lock_guard writing(cache_.writing);
  QUIPU_ASSIGN_OR_RETURN(const std::optional<double> before, ann());
  if (before != recall) QUIPU_RETURN_IF_ERROR(set_recall(recall));
  const auto forget = [this] {
    std::unique_lock lock(cache_.mutex);
    cache_.forget_partitions();
  };
  forget();
  Status made = watch(progress, store_.collections.embeddings, [&](Work& work) {
    const auto end = [this](Work* /*work*/) { cache_.work = nullptr; };
    const std::unique_ptr<Work, decltype(end)> working(cache_.work = &work, end);
    return make_partitions();
  });
  if (made.is_ok()) return made;
  if (before != recall) QUIPU_RETURN_IF_ERROR(set_recall(before));
  forget();
  return made;
}

Status IndexManager::drop_ann() const {
  std::lock_guard writing(cache_.writing);
  QUIPU_RETURN_IF_ERROR(set_recall(std::nullopt));
  std::unique_lock lock(cache_.mutex);
  cache_.forget_partitions();
  return Status::ok();
}

Status IndexManager::drop_hnsw() const {
  std::lock_guard writing(cache_.writing);
  return hnsw_.drop();
}

}  // namespace quipu
