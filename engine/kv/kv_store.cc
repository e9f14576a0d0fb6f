// The defaults of KVReader and BaseKVStore: all that follows from the reference's four methods.

#include "quipu/kv_store.h"

#include <sys/types.h>
#include <unistd.h>

#include <map>
#include <unordered_map>

#include "engine/kv/buffered_bulk_load.h"
#include "engine/kv/scanned_features.h"
#include "engine/kv/sorted_iterator.h"
#include "quipu/backend/collection_cache.h"
#include "quipu/backend/executor.h"
#include "quipu/backend/key_locks.h"
#include "quipu/backend/thread_annotations.h"
#include "quipu/kv_transaction.h"
#include "quipu/verify.h"
#include "quipu/write_batch.h"

namespace quipu {

Result<std::vector<std::optional<Json>>> KVReader::multi_get(std::span<const std::string_view> keys,
                                                             std::string_view collection) const {
  std::vector<std::optional<Json>> values;
  values.reserve(keys.size());
  for (std::string_view key : keys) {
    QUIPU_ASSIGN_OR_RETURN(std::optional<Json> value, get(key, collection));
    values.push_back(std::move(value));
  }
  return values;
}

Result<std::vector<std::optional<uint64_t>>> KVReader::insertion_order(std::span<const std::string_view> keys,
                                                                       std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<KVEntry> entries, get_all(collection));
  std::unordered_map<std::string_view, uint64_t> places;
  for (const KVEntry& entry : entries) places.emplace(entry.key, places.size());
  std::vector<std::optional<uint64_t>> order(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (const auto place = places.find(keys[i]); place != places.end()) order[i] = place->second;
  }
  return order;
}

Result<bool> KVReader::exists(std::string_view key, std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(std::optional<Json> value, get(key, collection));
  return value.has_value();
}

Result<std::vector<bool>> KVReader::keys_exist(std::span<const std::string_view> keys,
                                               std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<Json>> values, multi_get(keys, collection));
  std::vector<bool> exist;
  exist.reserve(keys.size());
  for (const std::optional<Json>& value : values) exist.push_back(value.has_value());
  return exist;
}

Result<uint64_t> KVReader::count(std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(std::vector<KVEntry> entries, get_all(collection));
  return entries.size();
}

Result<std::unique_ptr<KVIterator>> KVReader::scan(const ScanOptions& options,
                                                   std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(std::vector<KVEntry> entries, get_all(collection));
  return std::make_unique<SortedIterator>(std::move(entries), options);
}

Result<std::vector<CollectionInfo>> KVReader::collections() const {
  return Status::not_supported("this key-value store cannot list its collections");
}

Result<std::vector<std::string>> KVReader::declared_files() const { return std::vector<std::string>(); }

Result<std::vector<std::string>> KVReader::persist_files() const {
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::string> files, declared_files());
  QUIPU_ASSIGN_OR_RETURN(std::vector<CollectionInfo> infos, collections());
  for (const CollectionInfo& info : infos) {
    bool known = info.persist_file.empty();
    for (const std::string& file : files) known = known || file == info.persist_file;
    if (!known) files.push_back(info.persist_file);
  }
  return files;
}

struct BaseKVStore::Shared {
  explicit Shared(BaseKVStore& store) : features(store) {}

  StripedLocks locks;
  ScannedFeatures features;
  Mutex caches_mutex;
  std::map<std::string, std::weak_ptr<CollectionCache>> caches QUIPU_GUARDED_BY(caches_mutex);
  Mutex executor_mutex;
  std::unique_ptr<Executor> executor QUIPU_GUARDED_BY(executor_mutex);
  pid_t executor_process QUIPU_GUARDED_BY(executor_mutex) = 0;

  ~Shared() { end_executor(); }
  // Nobody calls the store any more, and in a child of fork() the lock may be held for ever.
  void end_executor() QUIPU_UNCHECKED;
};

void BaseKVStore::Shared::end_executor() {
  // A child of fork() has the pool's memory but not its threads, for which the pool would wait.
  if (::getpid() != executor_process) (void)executor.release();
  executor.reset();
}

BaseKVStore::BaseKVStore() : shared_(std::make_unique<Shared>(*this)) {}
BaseKVStore::~BaseKVStore() = default;

Result<KeyLocks> BaseKVStore::lock(const LockSet& set) const { return shared_->locks.acquire(set); }

MemberLists& BaseKVStore::member_lists() { return shared_->features; }
ComposedValues& BaseKVStore::composed_values() { return shared_->features; }
FieldIndex& BaseKVStore::field_index() { return shared_->features; }
const Adjacency& BaseKVStore::adjacency() const { return shared_->features; }
const VectorValues& BaseKVStore::vector_values() const { return shared_->features; }
TextIndexes& BaseKVStore::text_indexes() { return shared_->features; }

uint64_t BaseKVStore::search_memory_bytes() const { return uint64_t{1} << 30; }

Result<std::optional<uint64_t>> BaseKVStore::change_version(
    std::span<const std::string_view> /*collections*/) const {
  return std::optional<uint64_t>();
}

Status BaseKVStore::close() { return Status::ok(); }
Status BaseKVStore::abandon() { return close(); }
Status BaseKVStore::sync() { return Status::ok(); }
Status BaseKVStore::flush() { return Status::ok(); }
Status BaseKVStore::compact(const ProgressCallback& /*progress*/) { return Status::ok(); }
Status BaseKVStore::verify(const std::function<void(const Fault&)>& /*report*/,
                           const ProgressCallback& /*progress*/) const {
  return Status::ok();
}
Status BaseKVStore::check_complete() const { return Status::ok(); }
Result<uint32_t> BaseKVStore::format() const {
  return Status::not_supported("this key-value store has no format of its own");
}
Result<uint64_t> BaseKVStore::disk_bytes() const {
  return Status::not_supported("this key-value store does not know how many bytes it takes");
}
Result<std::shared_ptr<BaseKVStore>> BaseKVStore::refresh() { return std::shared_ptr<BaseKVStore>(); }

std::shared_ptr<CollectionCache> BaseKVStore::cache(
    const std::string& name, const std::function<std::shared_ptr<CollectionCache>()>& make) const {
  const MutexLock lock(shared_->caches_mutex);
  std::weak_ptr<CollectionCache>& kept = shared_->caches[name];
  std::shared_ptr<CollectionCache> cache = kept.lock();
  if (!cache) kept = cache = make();
  return cache;
}

std::vector<std::shared_ptr<CollectionCache>> BaseKVStore::caches() const {
  const MutexLock lock(shared_->caches_mutex);
  std::vector<std::shared_ptr<CollectionCache>> alive;
  for (const auto& [name, kept] : shared_->caches) {
    if (std::shared_ptr<CollectionCache> cache = kept.lock()) alive.push_back(std::move(cache));
  }
  return alive;
}

Executor& BaseKVStore::executor() {
  const MutexLock lock(shared_->executor_mutex);
  if (!shared_->executor) {
    shared_->executor = std::make_unique<Executor>();
    shared_->executor_process = ::getpid();
  }
  return *shared_->executor;
}

void BaseKVStore::finish_async_calls() { shared_->end_executor(); }

Status BaseKVStore::put_all(std::span<const KVPair> kv_pairs, std::string_view collection, int batch_size) {
  if (batch_size != 1) {
    return Status::not_supported("Batching not supported by this key-value store.");
  }
  for (const KVPair& pair : kv_pairs) QUIPU_RETURN_IF_ERROR(put(pair.key, pair.val, collection));
  return Status::ok();
}

Status BaseKVStore::write(const WriteBatch& batch, const WriteOptions& /*options*/) {
  QUIPU_ASSIGN_OR_RETURN(const PlainBatch plain, PlainBatch::of(batch.ops()));
  for (const WriteOp& op : plain.ops()) {
    if (op.kind == &WriteOp::kPut) {
      QUIPU_RETURN_IF_ERROR(put(op.key, JsonView::from_canonical(op.value), op.collection));
    } else {
      QUIPU_RETURN_IF_ERROR(delete_(op.key, op.collection).status());
    }
  }
  return Status::ok();
}

Result<std::unique_ptr<KVReader>> BaseKVStore::snapshot() const {
  return Status::not_supported("this key-value store has no snapshots");
}

Result<std::shared_ptr<KVTransaction>> BaseKVStore::begin() {
  return Status::not_supported("this key-value store has no transactions");
}

Status BaseKVStore::declare_collection(std::string_view /*name*/, const CollectionOptions& /*options*/) {
  return Status::ok();
}

Result<bool> BaseKVStore::make_codes(std::string_view /*collection*/, uint64_t /*at_most*/) { return true; }

Status BaseKVStore::declare_file(std::string_view /*persist_file*/) { return Status::ok(); }

Result<bool> BaseKVStore::drop_collection(std::string_view name) {
  QUIPU_ASSIGN_OR_RETURN(std::vector<KVEntry> entries, get_all(name));
  for (const KVEntry& entry : entries) QUIPU_RETURN_IF_ERROR(delete_(entry.key, name).status());
  return !entries.empty();
}

Result<std::unique_ptr<BulkLoad>> BaseKVStore::bulk_load() {
  return std::make_unique<BufferedBulkLoad>(*this);
}

std::future<Status> BaseKVStore::aput(std::string key, Json val, std::string collection) {
  return run_async(executor(), this, &BaseKVStore::put, std::move(key), std::move(val),
                   std::move(collection));
}

std::future<Status> BaseKVStore::aput_all(std::vector<KVEntry> kv_pairs, std::string collection,
                                          int batch_size) {
  const auto put = [](BaseKVStore* store, const std::vector<KVEntry>& entries, const std::string& collection,
                      int batch_size) {
    std::vector<KVPair> views;
    views.reserve(entries.size());
    for (const KVEntry& entry : entries) views.push_back({entry.key, entry.val});
    return store->put_all(views, collection, batch_size);
  };
  return run_async(executor(), this, put, std::move(kv_pairs), std::move(collection), batch_size);
}

std::future<Result<std::optional<Json>>> BaseKVStore::aget(std::string key, std::string collection) {
  return run_async(executor(), this, &BaseKVStore::get, std::move(key), std::move(collection));
}

std::future<Result<std::vector<KVEntry>>> BaseKVStore::aget_all(std::string collection) {
  return run_async(executor(), this, &BaseKVStore::get_all, std::move(collection));
}

std::future<Result<bool>> BaseKVStore::adelete(std::string key, std::string collection) {
  return run_async(executor(), this, &BaseKVStore::delete_, std::move(key), std::move(collection));
}

}  // namespace quipu
