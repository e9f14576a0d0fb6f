// The facade: checks that the store may be used, finds the collection, and hands on to reader and commit.

#include "quipu/rocksdb_kv_store.h"

#include <unistd.h>

#include "backends/rocksdb/at_hand_store.h"
#include "backends/rocksdb/backup/open_rollback.h"
#include "backends/rocksdb/check/inspection.h"
#include "backends/rocksdb/code_maker.h"
#include "backends/rocksdb/env_store.h"
#include "backends/rocksdb/read/composed_value_reader.h"
#include "backends/rocksdb/read/reader.h"
#include "backends/rocksdb/read/vector_reader.h"
#include "backends/rocksdb/stats_publisher.h"
#include "backends/rocksdb/text/text_catalog.h"
#include "backends/rocksdb/text/text_fold.h"
#include "backends/rocksdb/transaction/snapshot_reader.h"
#include "backends/rocksdb/transaction/transaction.h"
#include "backends/rocksdb/write/bulk_load.h"
#include "backends/rocksdb/write/collection_catalog.h"
#include "backends/rocksdb/write/commit.h"
#include "backends/rocksdb/write/field_index_reader.h"
#include "backends/rocksdb/write/list_reader.h"

namespace quipu {

using rocks::CollectionPtr;
using rocks::Commit;
using rocks::Database;
using rocks::Reader;
using rocks::ReadView;

class RocksDBKVStore::Impl {
 public:
  Impl(std::unique_ptr<Database> database, std::string directory,
       std::optional<rocks::OpenRollback> made = {})
      : database(std::move(database)),
        directory(std::move(directory)),
        made(std::move(made)),
        lists(*this->database, ReadView(*this->database)),
        composed(ReadView(*this->database)),
        fields(*this->database, ReadView(*this->database)),
        vectors(ReadView(*this->database)),
        texts(*this->database, ReadView(*this->database)),
        codes(*this->database),
        publisher(*this->database),
        process(::getpid()) {}

  Status ready() const { return database->usable(); }
  // `first_existed`: whether the first operation's key was there before; may be null.
  Status commit(const RocksDBKVStore& store, std::span<const WriteOp> ops, const WriteOptions& options,
                bool* first_existed) const;
  Reader reader() const { return Reader(ReadView(*database)); }

  const std::unique_ptr<Database> database;
  const std::string directory;
  const std::optional<rocks::OpenRollback> made;  // by open(), if it may make anything
  rocks::ListReader lists;
  rocks::ComposedValueReader composed;
  rocks::FieldIndexReader fields;
  rocks::VectorReader vectors;
  rocks::RocksDBTextIndexes texts;
  rocks::CodeMaker codes;
  rocks::StatsPublisher publisher;
  const pid_t process;
};

RocksDBKVStore::RocksDBKVStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::shared_ptr<RocksDBKVStore>> RocksDBKVStore::open(const std::string& directory,
                                                             const RocksDBOptions& options) {
  return rocks::EnvStore::open(directory, options, rocksdb::Env::Default());
}

Result<std::shared_ptr<RocksDBKVStore>> rocks::EnvStore::open(const std::string& directory,
                                                              const RocksDBOptions& options,
                                                              rocksdb::Env* env) {
  std::optional<OpenRollback> made;
  if (options.create_if_missing) made.emplace(directory);
  Result<std::unique_ptr<Database>> database = Database::open(directory, options, env);
  if (!database) {
    // While somebody else has it open it is theirs.
    if (made && database.error().code() != StatusCode::kBusy) made->remove();
    return database.error();
  }
  return std::make_shared<RocksDBKVStore>(
      std::make_unique<RocksDBKVStore::Impl>(*std::move(database), directory, std::move(made)));
}

Result<std::shared_ptr<RocksDBKVStore>> RocksDBKVStore::open_reader(const std::string& directory,
                                                                    const RocksDBOptions& options) {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::open_for_reading(directory, options));
  return std::shared_ptr<RocksDBKVStore>(
      new RocksDBKVStore(std::make_unique<Impl>(std::move(database), directory)));
}

Result<std::shared_ptr<BaseKVStore>> RocksDBKVStore::refresh() {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  const Database& now = *impl_->database;
  if (!now.is_reader() || now.pinned_files()->is_current())
    return std::shared_ptr<BaseKVStore>(shared_from_this());
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                         Database::open_for_reading(impl_->directory, now.options(), &now));
  return std::shared_ptr<BaseKVStore>(
      new RocksDBKVStore(std::make_unique<Impl>(std::move(database), impl_->directory)));
}

Status RocksDBKVStore::flush() {
  QUIPU_RETURN_IF_ERROR(impl_->database->writable());
  const MutexLock lock(impl_->database->maintenance_mutex());
  return impl_->database->flush_all();
}

RocksDBKVStore::~RocksDBKVStore() {
  if (::getpid() != impl_->process) {
    (void)impl_.release();  // the parent's database: not ours to close, and its threads are not here
    return;
  }
  (void)close().is_ok();  // an error means an unclean end, which the next open recovers from
}

Status RocksDBKVStore::close() {
  if (::getpid() != impl_->process) return impl_->ready();
  finish_async_calls();
  impl_->codes.stop();
  if (const size_t open = impl_->database->conflicts().open_transactions(); open != 0) {
    return Status::busy(impl_->directory + ": cannot close, " + std::to_string(open) +
                        " transactions are open");
  }
  impl_->publisher.stop();
  return impl_->database->close();
}

Status RocksDBKVStore::abandon() {
  const bool unused = impl_->made && impl_->ready().is_ok() && impl_->database->collections().empty();
  const Status closed = close();
  if (closed.is_ok() && unused) impl_->made->remove();
  return closed;
}

const std::string& RocksDBKVStore::directory() const { return impl_->directory; }

Status RocksDBKVStore::sync() {
  QUIPU_RETURN_IF_ERROR(impl_->database->writable());
  return impl_->database->sync();
}

Status RocksDBKVStore::compact(const ProgressCallback& progress) {
  QUIPU_RETURN_IF_ERROR(impl_->database->writable());
  return watch(progress, directory(), [this](Work& work) { return rocks::compact(*impl_->database, work); });
}

Status RocksDBKVStore::verify(const std::function<void(const Fault&)>& report,
                              const ProgressCallback& progress) const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  return watch(progress, directory(),
               [&](Work& work) { return rocks::verify(*impl_->database, report, work); });
}

Status RocksDBKVStore::check_complete() const { return impl_->database->check_complete(); }

Result<uint32_t> RocksDBKVStore::format() const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  return impl_->database->directory().format();
}

Result<uint64_t> RocksDBKVStore::disk_bytes() const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  return rocks::disk_bytes(*impl_->database);
}

KVCapabilities RocksDBKVStore::capabilities() const {
  const bool is_reader = impl_->database->is_reader();
  return {.atomic_batches = true,
          .batched_put_all = true,
          .snapshots = true,
          .transactions = !is_reader,
          .durable = true,
          .read_only = is_reader,
          .streams = true,
          .keeps_order = true,
          .composed_values = true,
          .text_indexes = true,
          .backups = true,
          .checkpoints = true,
          .repair = true};
}

std::shared_ptr<BaseKVStore> RocksDBKVStore::at_hand() {
  return std::make_shared<rocks::AtHandStore>(*this, *impl_->database);
}

CallRecorder& RocksDBKVStore::calls() const { return impl_->database->calls(); }

Result<StoreStats> RocksDBKVStore::stats() const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  return rocks::collect_stats(*impl_->database);
}

Status RocksDBKVStore::put(std::string_view key, JsonView val, std::string_view collection) {
  const WriteOp op{&WriteOp::kPut, collection, key, val.text()};
  return impl_->commit(*this, {&op, 1}, {}, nullptr);
}

Result<bool> RocksDBKVStore::delete_(std::string_view key, std::string_view collection) {
  const WriteOp op{&WriteOp::kDelete, collection, key};
  bool existed = false;
  QUIPU_RETURN_IF_ERROR(impl_->commit(*this, {&op, 1}, {}, &existed));
  return existed;
}

Status RocksDBKVStore::put_all(std::span<const KVPair> kv_pairs, std::string_view collection,
                               int /*batch_size*/) {
  std::vector<WriteOp> ops;
  ops.reserve(kv_pairs.size());
  for (const KVPair& pair : kv_pairs) {
    ops.push_back({&WriteOp::kPut, collection, pair.key, pair.val.text()});
  }
  return impl_->commit(*this, ops, {}, nullptr);
}

Status RocksDBKVStore::write(const WriteBatch& batch, const WriteOptions& options) {
  return impl_->commit(*this, batch.ops(), options, nullptr);
}

Status RocksDBKVStore::Impl::commit(const RocksDBKVStore& store, std::span<const WriteOp> ops,
                                    const WriteOptions& options, bool* first_existed) const {
  QUIPU_RETURN_IF_ERROR(ready());
  if (ops.empty()) return Status::ok();
  rocks::TextRest texts;
  {
    Commit commit(*database);
    QUIPU_RETURN_IF_ERROR(commit.locked(store, ops, options));
    if (first_existed != nullptr) *first_existed = commit.first_key_existed();
    texts = commit.take_text_rest();
  }
  rocks::fold_texts(*database, std::move(texts));
  return Status::ok();
}

Result<std::optional<Json>> RocksDBKVStore::get(std::string_view key, std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  const CollectionPtr found = impl_->database->find(collection);
  return found ? impl_->reader().get(*found, key) : std::optional<Json>();
}

Result<std::vector<KVEntry>> RocksDBKVStore::get_all(std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  const CollectionPtr found = impl_->database->find(collection);
  return found ? impl_->reader().get_all(*found) : std::vector<KVEntry>();
}

Result<std::vector<std::optional<Json>>> RocksDBKVStore::multi_get(std::span<const std::string_view> keys,
                                                                   std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  const CollectionPtr found = impl_->database->find(collection);
  return found ? impl_->reader().multi_get(*found, keys) : std::vector<std::optional<Json>>(keys.size());
}

Result<std::vector<std::optional<uint64_t>>> RocksDBKVStore::insertion_order(
    std::span<const std::string_view> keys, std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  const CollectionPtr found = impl_->database->find(collection);
  if (!found) return std::vector<std::optional<uint64_t>>(keys.size());
  return impl_->reader().insertion_order(*found, keys);
}

Result<bool> RocksDBKVStore::exists(std::string_view key, std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  const CollectionPtr found = impl_->database->find(collection);
  return found ? impl_->reader().exists(*found, key) : false;
}

Result<std::vector<bool>> RocksDBKVStore::keys_exist(std::span<const std::string_view> keys,
                                                     std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  const CollectionPtr found = impl_->database->find(collection);
  return found ? impl_->reader().keys_exist(*found, keys) : std::vector<bool>(keys.size());
}

Result<uint64_t> RocksDBKVStore::count(std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  const CollectionPtr found = impl_->database->find(collection);
  return found ? impl_->reader().count(*found) : uint64_t{0};
}

Result<std::unique_ptr<KVIterator>> RocksDBKVStore::scan(const ScanOptions& options,
                                                         std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  return rocks::scan_or_nothing(impl_->reader(), impl_->database->find(collection), options);
}

Result<std::vector<CollectionInfo>> RocksDBKVStore::collections() const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  return rocks::collection_infos(impl_->reader(), impl_->database->collections());
}

Result<std::vector<std::string>> RocksDBKVStore::declared_files() const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  return rocks::declared_files(impl_->reader());
}

Result<std::unique_ptr<KVReader>> RocksDBKVStore::snapshot() const {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  return std::make_unique<rocks::SnapshotReader>(*impl_->database);
}

Result<std::shared_ptr<KVTransaction>> RocksDBKVStore::begin() {
  QUIPU_RETURN_IF_ERROR(impl_->database->writable());
  return std::make_shared<rocks::RocksDBTransaction>(shared_from_this(), *impl_->database);
}

Status RocksDBKVStore::declare_collection(std::string_view name, const CollectionOptions& options) {
  QUIPU_RETURN_IF_ERROR(impl_->database->writable());
  return rocks::declare_collection(*impl_->database, name, options);
}

Result<bool> RocksDBKVStore::make_codes(std::string_view collection, uint64_t at_most) {
  QUIPU_RETURN_IF_ERROR(impl_->database->writable());
  return at_most == 0 ? impl_->codes.begin(collection)
                      : rocks::make_codes(*impl_->database, collection, at_most);
}

Status RocksDBKVStore::declare_file(std::string_view persist_file) {
  QUIPU_RETURN_IF_ERROR(impl_->database->writable());
  return rocks::declare_file(*impl_->database, persist_file);
}

Result<bool> RocksDBKVStore::drop_collection(std::string_view name) {
  QUIPU_RETURN_IF_ERROR(impl_->database->writable());
  return rocks::drop_collection(*impl_->database, name);
}

Result<std::unique_ptr<BulkLoad>> RocksDBKVStore::bulk_load() {
  QUIPU_RETURN_IF_ERROR(impl_->database->writable());
  return std::make_unique<rocks::RocksDBBulkLoad>(*impl_->database, *this);
}

Result<std::string> RocksDBKVStore::index_directory() {
  QUIPU_RETURN_IF_ERROR(impl_->ready());
  const rocks::Directory& directory = impl_->database->directory();
  return impl_->database->is_reader() ? directory.index_path() : directory.make_index_directory();
}

MemberLists& RocksDBKVStore::member_lists() { return impl_->lists; }
ComposedValues& RocksDBKVStore::composed_values() { return impl_->composed; }
FieldIndex& RocksDBKVStore::field_index() { return impl_->fields; }
const VectorValues& RocksDBKVStore::vector_values() const { return impl_->vectors; }
TextIndexes& RocksDBKVStore::text_indexes() { return impl_->texts; }

uint64_t RocksDBKVStore::search_memory_bytes() const {
  return impl_->database->options().search_memory_bytes;
}

}  // namespace quipu
