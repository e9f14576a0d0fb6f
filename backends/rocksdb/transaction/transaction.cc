#include "backends/rocksdb/transaction/transaction.h"

#include <algorithm>

#include "backends/rocksdb/text/text_reader.h"
#include "backends/rocksdb/write/collection_index.h"
#include "backends/rocksdb/write/commit.h"
#include "quipu/backend/collection_cache.h"
#include "quipu/backend/key_locks.h"

namespace quipu::rocks {
namespace {

// The keys written in what `cache` covers; sorted, each once.
std::vector<std::string> written_keys(const ReadWriteSet& footprint, const CollectionCache& cache) {
  std::vector<std::string> keys;
  for (const auto& [collection, part] : footprint.parts()) {
    if (!cache.covers(collection)) continue;
    for (const auto& [key, written] : part.keys) {
      if (written) keys.push_back(key);
    }
  }
  std::ranges::sort(keys);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace

RocksDBTransaction::RocksDBTransaction(std::shared_ptr<BaseKVStore> store, Database& database)
    : store_(std::move(store)), database_(database) {
  // No commit is half way, and no collection: each is in the snapshot, or will be a conflict.
  const CommitGate::Closed alone(database_.gate());
  const MutexLock lock(database_.catalog_mutex());
  id_ = database_.conflicts().begin();
  reader_ =
      std::make_unique<Reader>(ReadView(database_, std::make_shared<Snapshot>(database_.db()), &changes_));
}

RocksDBTransaction::~RocksDBTransaction() {
  if (!database_.usable().is_ok()) {
    (void)reader_.release();  // a child process has no business with its parent's snapshot
    return;
  }
  finish_async_calls();
  end();
}

void RocksDBTransaction::end() {
  if (!reader_) return;
  reader_.reset();
  changes_.Clear();
  texts_ = {};
  database_.conflicts().end(id_);
}

void RocksDBTransaction::rollback() {
  if (database_.usable().is_ok()) end();
}

Status RocksDBTransaction::active() const {
  QUIPU_RETURN_IF_ERROR(database_.usable());
  return reader_ ? Status::ok() : Status::invalid_argument("the transaction has ended");
}

Status RocksDBTransaction::commit(const WriteOptions& options) {
  const CallTimer timer(&database_.calls(), CallKind::kCommit, database_.directory().path());
  QUIPU_RETURN_IF_ERROR(active());
  Status done;
  TextRest texts;
  if (changes_.GetWriteBatch()->Count() != 0) {
    // In the order in which every writer takes them: caches, keys, gate.
    std::vector<LockedCache> caches;
    for (std::shared_ptr<CollectionCache>& cache : store_->caches()) {
      if (!written_keys(read_write_set_, *cache).empty()) caches.emplace_back(std::move(cache));
    }
    LockSet written;
    for (const auto& [collection, part] : read_write_set_.parts()) {
      for (const auto& [key, is_written] : part.keys) {
        if (is_written) written.add(collection, key);
      }
    }
    QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, store_->lock(written));
    for (const LockedCache& cache : caches) cache->changing(*store_, written_keys(read_write_set_, *cache));
    done = check_and_write(options.sync || database_.options().sync);
    if (done.is_ok()) {
      for (const LockedCache& cache : caches) cache->changed(*store_, written_keys(read_write_set_, *cache));
      texts = std::move(texts_);
    }
  }
  end();
  fold_texts(database_, std::move(texts));
  return done;
}

Status RocksDBTransaction::check_and_write(bool sync) {
  const CommitGate::Closed alone(database_.gate());
  QUIPU_RETURN_IF_ERROR(read_write_set_.check(database_.conflicts(), id_));
  QUIPU_RETURN_IF_ERROR(remove_moved_codes(database_, changes_));
  changes_.put_counts(database_.catalog());
  QUIPU_RETURN_IF_ERROR(database_.write(*changes_.GetWriteBatch(), sync));
  record_changes();
  return Status::ok();
}

// Lets the other open transactions know.
void RocksDBTransaction::record_changes() {
  if (database_.conflicts().open_transactions() < 2) return;
  std::vector<Fingerprint> fingerprints = std::move(changed_values_);
  for (const auto& [collection, part] : read_write_set_.parts()) {
    if (part.any_written) fingerprints.push_back(collection_fingerprint(collection));
    for (const auto& [key, written] : part.keys) {
      if (written) fingerprints.push_back(key_fingerprint(collection, key));
    }
  }
  database_.conflicts().record(fingerprints);
}

KVCapabilities RocksDBTransaction::capabilities() const {
  return {.atomic_batches = true,
          .batched_put_all = true,
          .in_transaction = true,
          .streams = true,
          .keeps_order = true,
          .composed_values = true,
          .text_indexes = true};
}

Status RocksDBTransaction::apply(std::span<const WriteOp> ops, const WriteOptions& /*options*/,
                                 bool* first_existed) {
  QUIPU_RETURN_IF_ERROR(active());
  if (ops.empty()) return Status::ok();
  for (const WriteOp& op : ops) QUIPU_RETURN_IF_ERROR(database_.limits().check_op(op));
  const WriteOp* declared = nullptr;  // the last operation of which the collection is there
  for (const WriteOp& op : ops) {
    if (!op.kind->puts || (declared != nullptr && op.collection == declared->collection)) continue;
    QUIPU_RETURN_IF_ERROR(rocks::declare_collection(database_, op.collection, {}));
    declared = &op;
  }
  Commit commit(database_, reader_->read_view());
  QUIPU_RETURN_IF_ERROR(commit.stage(ops, changes_));
  texts_.add(commit.take_text_rest());
  if (first_existed != nullptr) *first_existed = commit.first_key_existed();
  for (size_t i = 0; i < ops.size(); ++i) {
    if (commit.changes(i)) {
      read_write_set_.write_key(ops[i].collection, ops[i].key);
    } else {
      read_write_set_.read_key(ops[i].collection, ops[i].key);
    }
  }
  for (const auto& [collection, value] : commit.changed_values()) {
    changed_values_.push_back(index_fingerprint(collection->name, value));
  }
  return Status::ok();
}

Status RocksDBTransaction::declare_collection(std::string_view name, const CollectionOptions& options) {
  QUIPU_RETURN_IF_ERROR(active());
  return rocks::declare_collection(database_, name, options);
}

Result<std::vector<CollectionInfo>> RocksDBTransaction::collections() const {
  QUIPU_RETURN_IF_ERROR(active());
  return collection_infos(*reader_, database_.collections());
}

Result<std::vector<std::string>> RocksDBTransaction::declared_files() const {
  QUIPU_RETURN_IF_ERROR(active());
  return rocks::declared_files(*reader_);
}

Result<CollectionPtr> RocksDBTransaction::find(std::string_view collection,
                                               std::span<const std::string_view> keys) const {
  QUIPU_RETURN_IF_ERROR(active());
  for (const std::string_view key : keys) read_write_set_.read_key(collection, key);
  return database_.find(collection);
}

Result<CollectionPtr> RocksDBTransaction::find_all(std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(active());
  read_write_set_.read_all(collection);
  return database_.find(collection);
}

// ---- mechanisms -------------------------------------------------------------------------------------------

Result<std::optional<MemberLists::Info>> RocksDBTransaction::Tracked::list_info(std::string_view collection,
                                                                                std::string_view key) const {
  QUIPU_RETURN_IF_ERROR(transaction_.find(collection, {&key, 1}).status());
  return lists().list_info(collection, key);
}

Result<bool> RocksDBTransaction::Tracked::has_member(std::string_view collection, std::string_view key,
                                                     std::string_view member) const {
  QUIPU_RETURN_IF_ERROR(transaction_.find(collection, {&key, 1}).status());
  return lists().has_member(collection, key, member);
}

Result<std::vector<std::string>> RocksDBTransaction::Tracked::members(std::string_view collection,
                                                                      std::string_view key) const {
  QUIPU_RETURN_IF_ERROR(transaction_.find(collection, {&key, 1}).status());
  return lists().members(collection, key);
}

Result<std::optional<ComposedValues::Info>> RocksDBTransaction::Tracked::composed_info(
    std::string_view collection, std::string_view key) const {
  QUIPU_RETURN_IF_ERROR(transaction_.find(collection, {&key, 1}).status());
  return composed().composed_info(collection, key);
}

Result<std::vector<ComposedValues::Part>> RocksDBTransaction::Tracked::parts(std::string_view collection,
                                                                             std::string_view key) const {
  QUIPU_RETURN_IF_ERROR(transaction_.find(collection, {&key, 1}).status());
  return composed().parts(collection, key);
}

Status RocksDBTransaction::Tracked::ensure_index(std::string_view collection, std::string_view field) {
  QUIPU_RETURN_IF_ERROR(transaction_.active());
  return rocks::ensure_index(transaction_.database_, collection, field);
}

Status RocksDBTransaction::Tracked::note_value(std::string_view collection, std::string_view field,
                                               std::string_view value) const {
  QUIPU_RETURN_IF_ERROR(transaction_.active());
  const CollectionPtr found = transaction_.database_.find(collection);
  if (found && !FieldIndexReader::covers(*found, field, value)) {
    return transaction_.find_all(collection).status();
  }
  transaction_.read_write_set_.read_value(collection, value);
  return Status::ok();
}

Result<std::vector<std::string>> RocksDBTransaction::Tracked::keys_with_value(std::string_view collection,
                                                                              std::string_view field,
                                                                              std::string_view value) const {
  QUIPU_RETURN_IF_ERROR(note_value(collection, field, value));
  return fields().keys_with_value(collection, field, value);
}

Result<std::vector<bool>> RocksDBTransaction::Tracked::values_exist(
    std::string_view collection, std::string_view field, std::span<const std::string_view> values) const {
  QUIPU_RETURN_IF_ERROR(transaction_.active());
  for (const std::string_view value : values) QUIPU_RETURN_IF_ERROR(note_value(collection, field, value));
  return fields().values_exist(collection, field, values);
}

Status RocksDBTransaction::Tracked::scan_vectors(std::string_view collection,
                                                 const std::function<Status(const VectorEntry&)>& use) const {
  QUIPU_RETURN_IF_ERROR(transaction_.find_all(collection).status());
  return vectors().scan_vectors(collection, use);
}

Status RocksDBTransaction::Tracked::get_vectors(
    std::string_view collection, std::span<const std::string_view> keys,
    const std::function<void(size_t i, std::span<const double>)>& use) const {
  QUIPU_RETURN_IF_ERROR(transaction_.find(collection, keys).status());
  return vectors().get_vectors(collection, keys, use);
}

Result<std::unique_ptr<CodeReader>> RocksDBTransaction::Tracked::codes(std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(transaction_.find_all(collection).status());
  return vectors().codes(collection);
}

Result<std::unique_ptr<TextView>> RocksDBTransaction::Tracked::open_text(std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, transaction_.find_all(collection));
  return rocks::open_text(transaction_.reader_->read_view(), found);
}

Result<bool> RocksDBTransaction::Tracked::make_text_index(std::string_view /*collection*/,
                                                          std::string_view /*analyser*/,
                                                          uint64_t /*at_most*/) {
  return Status::not_supported("a text index is made outside of transactions");
}

Result<bool> RocksDBTransaction::Tracked::drop_text_index(std::string_view /*collection*/) {
  return Status::not_supported("a text index is dropped outside of transactions");
}

}  // namespace quipu::rocks
