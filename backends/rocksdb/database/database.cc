#include "backends/rocksdb/database/database.h"

#include <pthread.h>
#include <rocksdb/sst_file_manager.h>
#include <unistd.h>

#include <algorithm>

#include "backends/rocksdb/database/insert_hint.h"
#include "backends/rocksdb/database/uncounted_work.h"
#include "backends/rocksdb/format/status.h"

namespace quipu::rocks {
namespace {

// Sequences are promised in steps, so that the limit is rarely written.
constexpr uint64_t kSequenceStep = 1 << 20;

// The id of this process, which glibc asks the kernel for each time. A child of fork() gets its own.
std::atomic<pid_t> this_process{::getpid()};
const int watches_forks = ::pthread_atfork(nullptr, nullptr, [] { this_process = ::getpid(); });

pid_t process_id() { return watches_forks == 0 ? this_process.load(std::memory_order_relaxed) : ::getpid(); }

// Counts those who sync.
class Syncing {
 public:
  explicit Syncing(std::atomic<int>& count) : count_(count) { ++count_; }
  ~Syncing() { --count_; }
  Syncing(const Syncing&) = delete;
  Syncing& operator=(const Syncing&) = delete;

 private:
  std::atomic<int>& count_;
};

}  // namespace

void attach_indexer(Collection& collection) {
  collection.indexer = nullptr;
  const std::optional<TextMark>& mark = collection.record.text;
  if (!mark || mark->id == 0) return;
  Result<std::shared_ptr<TextIndexer>> indexer = TextIndexer::make(mark->analyser);
  if (indexer && (*indexer)->version() == mark->version) collection.indexer = *std::move(indexer);
}

Database::Database(const std::string& path, RocksDBOptions options, const TunedOptions& tuning,
                   std::unique_ptr<rocksdb::Env> env, std::shared_ptr<const PinnedFiles> pinned)
    : options_(std::move(options)),
      limits_(options_),
      pinned_(std::move(pinned)),
      env_(std::move(env)),
      tuned_(tuning.over(*env_)),
      health_(std::make_shared<WriteHealth>(path, options_.logger)),
      calls_(std::make_shared<CallRecorder>(options_.slow_call_seconds, options_.logger)),
      process_(process_id()) {
  if (is_reader()) return;
  tuned_.db.listeners.push_back(health_);
  tuned_.db.listeners.push_back(work_);
}

Database::~Database() { release(); }

Status Database::close() {
  if (!db_) return Status::ok();
  if (is_reader()) return release(), Status::ok();
  Status closed;
  {
    const MutexLock lock(maintenance_mutex_);
    closed = flush_all();
  }
  if (closed.is_ok()) closed = session_->end(db_->GetLatestSequenceNumber());
  release();
  return closed;
}

void Database::release() {
  {
    const WriterLock lock(map_mutex_);
    by_name_.clear();
  }
  catalog_.reset();
  lists_.reset();
  index_.reset();
  shared_.reset();
  release_late_families();
  if (db_) db_->Close().PermitUncheckedError();  // all that matters is in the log or in files
  db_.reset();
  following_.reset();
  session_.reset();
  if (directory_) directory_->unlock();
}

void Database::release_late_families() {
  const MutexLock lock(catalog_mutex_);
  parts_handle_ = nullptr;
  parts_.reset();
  codes_handle_ = nullptr;
  codes_.reset();
  text_handle_ = nullptr;
  text_.reset();
}

std::vector<Family> Database::shared_families() const {
  std::vector<Family> families = {catalog_, lists_, index_};
  for (rocksdb::ColumnFamilyHandle* const late : {parts(), codes(), text()}) {
    if (late != nullptr) families.emplace_back(late, [](rocksdb::ColumnFamilyHandle*) {});
  }
  families.push_back(shared_);
  return families;
}

Status Database::require_parts() {
  if (parts() != nullptr && directory_->format() >= kComposedFormat) return Status::ok();
  const MutexLock lock(catalog_mutex_);
  return make_late_family(kPartsFamily, tuned_.lists, kComposedFormat, parts_, parts_handle_);
}

Status Database::require_codes() {
  if (codes() != nullptr && directory_->format() >= kCodesFormat) return Status::ok();
  const MutexLock lock(catalog_mutex_);
  return make_late_family(kCodesFamily, tuned_.codes, kCodesFormat, codes_, codes_handle_);
}

Status Database::require_text() {
  if (text() != nullptr && directory_->format() >= kTextFormat) return Status::ok();
  const MutexLock lock(catalog_mutex_);
  return make_late_family(kTextFamily, tuned_.text, kTextFormat, text_, text_handle_);
}

Status Database::make_late_family(const char* name, const rocksdb::ColumnFamilyOptions& options,
                                  uint32_t format, Family& family,
                                  std::atomic<rocksdb::ColumnFamilyHandle*>& handle) {
  QUIPU_RETURN_IF_ERROR(directory_->raise_format(format));
  if (handle != nullptr) return Status::ok();
  rocksdb::ColumnFamilyHandle* made = nullptr;
  const rocksdb::Status status = db_->CreateColumnFamily(options, name, &made);
  if (made != nullptr) family = own(made);  // made, but OPTIONS not written, in RocksDB 10.2 and later
  if (!status.ok()) return health_->failed_for_good(status);
  handle = made;
  return Status::ok();
}

Family Database::own(rocksdb::ColumnFamilyHandle* handle) const {
  rocksdb::DB* const db = db_.get();
  return Family(handle, [db](rocksdb::ColumnFamilyHandle* owned) {
    db->DestroyColumnFamilyHandle(owned).PermitUncheckedError();  // fails for none of our handles
  });
}

CollectionPtr Database::find(std::string_view name) const {
  const ReaderLock lock(map_mutex_);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<CollectionPtr> Database::collections() const {
  std::vector<CollectionPtr> all;
  {
    const ReaderLock lock(map_mutex_);
    for (const auto& [name, collection] : by_name_) all.push_back(collection);
  }
  std::ranges::sort(all, {}, [](const CollectionPtr& collection) { return collection->record.order; });
  return all;
}

Result<CollectionPtr> Database::make(std::string_view name, const CollectionOptions& options,
                                     uint64_t order) {
  QUIPU_RETURN_IF_ERROR(writable());
  auto collection = std::make_shared<Collection>();
  collection->name = name;
  CollectionRecord& record = collection->record;
  record.id = next_id_++;
  record.order = order != 0 ? order : next_order();
  record.own_family = own_family_count_ < options_.max_collection_families;
  record.persist_file = options.persist_file;
  record.indexed_field = options.indexed_field;
  if (options.keeps_codes) record.codes = CollectionRecord::Codes::kAll;
  if (record.own_family) {
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    const rocksdb::Status made = db_->CreateColumnFamily(tuned_.data, family_name(record.id, name), &handle);
    if (handle != nullptr)
      collection->family = own(handle);  // made, but OPTIONS not written, in RocksDB 10.2 and later
    // A family half made stays in RocksDB 7.8.3, and the next MANIFEST cannot be written with it.
    if (!made.ok()) return health_->failed_for_good(made);
    ++own_family_count_;
  } else {
    collection->family = shared_;
    put_u32(record.id, collection->prefix);
  }
  return CollectionPtr(std::move(collection));
}

Status Database::write_record(const Collection& collection, rocksdb::WriteBatch& batch) {
  std::string next_id;
  put_varint(next_id_, next_id);
  batch.Put(catalog_.get(), slice(kNextIdKey), next_id).PermitUncheckedError();
  batch.Put(catalog_.get(), collection_key(collection.name), make_collection_record(collection.record))
      .PermitUncheckedError();
  return write(batch, options_.sync);
}

void Database::publish(const CollectionPtr& collection) {
  const WriterLock lock(map_mutex_);
  by_name_[collection->name] = collection;
}

void Database::unpublish(std::string_view name) {
  const WriterLock lock(map_mutex_);
  by_name_.erase(std::string(name));
}

Status Database::discard(const Collection& collection) {
  std::string prefix;
  put_u32(collection.id(), prefix);
  const std::string end = after_prefix(prefix);
  QUIPU_RETURN_IF_ERROR(writable());
  rocksdb::WriteBatch batch;
  const auto clear = [&](rocksdb::ColumnFamilyHandle* family) {
    return batch.DeleteRange(family, slice(prefix), slice(end));
  };
  QUIPU_RETURN_IF_ERROR(from_rocksdb(clear(lists_.get()), "cannot clear a collection"));
  QUIPU_RETURN_IF_ERROR(from_rocksdb(clear(index_.get()), "cannot clear a collection"));
  for (rocksdb::ColumnFamilyHandle* const late : {parts(), codes(), text()}) {
    if (late != nullptr) QUIPU_RETURN_IF_ERROR(from_rocksdb(clear(late), "cannot clear a collection"));
  }
  if (!collection.record.own_family) {
    QUIPU_RETURN_IF_ERROR(from_rocksdb(clear(shared_.get()), "cannot clear a collection"));
  }
  batch.Delete(catalog_.get(), count_key(collection.id())).PermitUncheckedError();
  batch.Delete(catalog_.get(), pending_key(collection.id())).PermitUncheckedError();
  if (collection.record.own_family) {
    QUIPU_RETURN_IF_ERROR(
        from_rocksdb(db_->DropColumnFamily(collection.family.get()), "cannot drop a collection's family"));
    --own_family_count_;
  }
  return write(batch, false);
}

Status Database::discard_text(uint32_t id) {
  Collection entries;
  Collection tokens;
  entries.record.id = id;
  tokens.record.id = id + 1;
  QUIPU_RETURN_IF_ERROR(discard(entries));
  return discard(tokens);
}

// LZ4 although they go to the bottom: a load is to be fast, and compaction brings them into ZSTD in its time.
rocksdb::Options Database::table_file_options() const {
  rocksdb::Options options(tuned_.db, tuned_.data);
  options.bottommost_compression = rocksdb::kDisableCompressionOption;
  options.bytes_per_sync = 1 << 20;  // the disk works along, not all at once when the files are synced
  return options;
}

rocksdb::Options Database::code_file_options() const {
  rocksdb::Options options(tuned_.db, tuned_.codes);
  options.bytes_per_sync = 1 << 20;
  return options;
}

Status Database::check_room(uint64_t bytes) const {
  const uint64_t limit = options_.max_directory_bytes;
  if (limit == 0) return Status::ok();
  const uint64_t taken = tables_->GetTotalSize() + tuned_.db.write_buffer_manager->memory_usage();
  if (taken + bytes <= limit) return Status::ok();
  return Status::invalid_argument(directory_->path() + ": no room for " + std::to_string(bytes) +
                                  " bytes more: " + std::to_string(taken) + " are taken, and the limit is " +
                                  std::to_string(limit) +
                                  " (max_directory_bytes); delete and compact, or raise it");
}

Result<uint64_t> Database::take_sequences(uint64_t count, bool at_hand) {
  while (true) {
    uint64_t first = next_sequence_.load();
    while (first + count <= sequence_limit_.load()) {
      if (next_sequence_.compare_exchange_weak(first, first + count)) return first;
    }
    if (at_hand) return Status::busy("the limit of sequences is to be written");
    const MutexLock lock(sequence_mutex_);
    if (next_sequence_.load() + count <= sequence_limit_.load()) continue;
    const uint64_t limit = sequence_limit_.load() + kSequenceStep * (1 + count / kSequenceStep);
    std::string value;
    put_varint(limit, value);
    rocksdb::WriteBatch batch;
    batch.Put(catalog_.get(), slice(kSequenceLimitKey), slice(value)).PermitUncheckedError();
    QUIPU_RETURN_IF_ERROR(write(batch, false));
    sequence_limit_ = limit;
  }
}

Status Database::usable() const {
  // A child of fork() shares the files but not the locks nor the threads.
  if (process_id() != process_) {
    return Status::not_supported(directory_->path() +
                                 ": the store was opened before fork(); a child process must open its own");
  }
  return db_ ? Status::ok() : Status::invalid_argument(directory_->path() + ": the store is closed");
}

Status Database::writable() const {
  QUIPU_RETURN_IF_ERROR(usable());
  if (is_reader()) return Status::not_supported(directory_->path() + " is open for reading only");
  return health_->check(*db_);
}

Status Database::check_complete() const {
  QUIPU_RETURN_IF_ERROR(usable());
  std::string marker;
  QUIPU_ASSIGN_OR_RETURN(const bool found,
                         is_found(db_->Get({}, catalog_.get(), slice(kMergeKey), &marker), [&] {
                           return directory_->path() + ": cannot tell whether an import is complete";
                         }));
  if (!found) return Status::ok();
  if (is_reader() && !DirectoryLock::check(directory_->path()).is_ok()) {
    return Status::busy(directory_->path() +
                        ": an import with merge is under way; a part of it is to be seen");
  }
  return Status::corruption(directory_->path() +
                            ": an import with merge was interrupted; run it again to complete it");
}

Status Database::loadable() const {
  QUIPU_RETURN_IF_ERROR(writable());
  return health_->check_ingestion();
}

Status Database::writable_at_hand() const {
  QUIPU_RETURN_IF_ERROR(usable());
  if (is_reader()) return writable();
  if (syncing_ != 0) return Status::busy("somebody syncs");
  return health_->check_at_hand();
}

Status Database::write(rocksdb::WriteBatch& batch, bool sync) {
  QUIPU_RETURN_IF_ERROR(writable());
  rocksdb::WriteOptions options;
  options.sync = sync;
  if (!sync) return write(batch, options);
  const Syncing syncing(syncing_);
  return write(batch, options);
}

Status Database::write_at_hand(rocksdb::WriteBatch& batch) {
  QUIPU_RETURN_IF_ERROR(writable_at_hand());
  rocksdb::WriteOptions options;
  options.no_slowdown = true;
  return write(batch, options);
}

Status Database::write(rocksdb::WriteBatch& batch, const rocksdb::WriteOptions& options) {
  const uint64_t before = db_->GetLatestSequenceNumber();
  const UncountedWork uncounted;
  const ManyInserts inserts(static_cast<uint64_t>(batch.Count()));
  const rocksdb::Status written = db_->Write(options, &batch);
  if (options.no_slowdown && written.IsIncomplete()) return from_rocksdb(written, "cannot write");
  if (!written.ok()) return health_->failed(written);
  session_->acknowledged(db_->GetLatestSequenceNumber(), false);
  written_bytes_.fetch_add(batch.GetDataSize(), std::memory_order_relaxed);
  // Others may have written since; what is known to be synced is what was there before, and this batch.
  if (options.sync) session_->acknowledged(before + static_cast<uint64_t>(batch.Count()), true);
  return Status::ok();
}

Status Database::sync() {
  const CallTimer timer(calls_.get(), CallKind::kSync, directory_->path());
  QUIPU_RETURN_IF_ERROR(writable());  // a failed sync is final: a second one may succeed, and mean nothing
  const Syncing syncing(syncing_);
  const uint64_t before = db_->GetLatestSequenceNumber();
  QUIPU_RETURN_IF_ERROR(from_rocksdb(db_->SyncWAL(), directory_->path() + ": cannot sync"));
  session_->acknowledged(before, true);
  return Status::ok();
}

Status Database::flush_all() {
  QUIPU_RETURN_IF_ERROR(writable());
  std::vector<Family> families = shared_families();
  for (const CollectionPtr& collection : collections()) {
    if (collection->record.own_family) families.push_back(collection->family);
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  for (const Family& family : families) handles.push_back(family.get());
  QUIPU_RETURN_IF_ERROR(
      from_rocksdb(db_->Flush(rocksdb::FlushOptions(), handles), directory_->path() + ": cannot flush"));
  return sync();
}

}  // namespace quipu::rocks
