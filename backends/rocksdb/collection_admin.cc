#include "backends/rocksdb/collection_admin.h"

#include <algorithm>
#include <map>

#include "backends/rocksdb/key_order_iterator.h"
#include "backends/rocksdb/rocksdb_status.h"

namespace quipu::rocks {
namespace {

constexpr size_t kIndexBatchBytes = 1 << 20;

class EmptyIterator : public KVIterator {
 public:
  bool next() override { return false; }
  std::string_view key() const override { return {}; }
  JsonView val() const override { return {}; }
  Status status() const override { return Status::ok(); }
};

Status put_record(StoreCore& core, const Collection& collection) {
  rocksdb::WriteBatch batch;
  std::string next_id;
  put_varint(core.next_id(), next_id);
  batch.Put(core.catalog(), slice(kNextIdKey), next_id).PermitUncheckedError();
  batch.Put(core.catalog(), collection_key(collection.name), make_collection_record(collection.record))
      .PermitUncheckedError();
  return core.write(batch, core.options().sync);
}

// REQUIRES: nobody writes to the collection.
Status build_index(StoreCore& core, const Collection& collection) {
  const Reader reader(core, std::make_shared<Snapshot>(core.db()));
  KeyOrderIterator rows(reader, collection, {});
  rocksdb::WriteBatch batch;
  while (rows.next()) {
    const std::optional<JsonView> value = rows.val().find(collection.record.indexed_field);
    if (!value || !value->is_string() || value->text().size() <= 2) continue;
    batch.Put(core.index(), index_prefix(collection.id(), value->string()) + std::string(rows.key()), "")
        .PermitUncheckedError();
    if (batch.GetDataSize() >= kIndexBatchBytes) {
      QUIPU_RETURN_IF_ERROR(core.write(batch, false));
      batch.Clear();
    }
  }
  QUIPU_RETURN_IF_ERROR(rows.status());
  return batch.Count() == 0 ? Status::ok() : core.write(batch, false);
}

// True when the collection lacks nothing of `options`.
bool satisfies(const Collection& collection, const CollectionOptions& options) {
  return (options.persist_file.empty() || !collection.record.persist_file.empty()) &&
         (options.indexed_field.empty() || collection.record.indexed_field == options.indexed_field);
}

}  // namespace

Result<std::unique_ptr<KVIterator>> scan_or_nothing(const Reader& reader, const CollectionPtr& collection,
                                                    const ScanOptions& options) {
  if (collection) return reader.scan(collection, options);
  return std::make_unique<EmptyIterator>();
}

Result<std::vector<CollectionInfo>> collection_infos(const Reader& reader,
                                                     const std::vector<CollectionPtr>& collections) {
  std::vector<CollectionInfo> infos;
  infos.reserve(collections.size());
  for (const CollectionPtr& collection : collections) {
    QUIPU_ASSIGN_OR_RETURN(const uint64_t count, reader.count(*collection));
    const CollectionRecord& record = collection->record;
    infos.push_back({collection->name, record.persist_file, record.indexed_field, count});
  }
  return infos;
}

Result<std::vector<std::string>> persist_files(const Reader& reader,
                                               const std::vector<CollectionPtr>& collections) {
  std::map<uint64_t, std::string> by_order;
  const std::unique_ptr<rocksdb::Iterator> it(
      reader.core().db().NewIterator(reader.read_options(), reader.core().catalog()));
  for (it->Seek("f"); it->Valid() && view(it->key()).starts_with('f'); it->Next()) {
    std::string_view value = view(it->value());
    uint64_t order = 0;
    if (take_varint(value, order)) by_order[order] = view(it->key()).substr(1);
  }
  QUIPU_RETURN_IF_ERROR(from_rocksdb(it->status(), "cannot read the catalog"));
  std::vector<std::string> files;
  for (auto& [order, file] : by_order) files.push_back(std::move(file));
  for (const CollectionPtr& collection : collections) {
    const std::string& file = collection->record.persist_file;
    if (!file.empty() && std::ranges::find(files, file) == files.end()) files.push_back(file);
  }
  return files;
}

Status declare_collection(StoreCore& core, LockTable& locks, std::string_view name,
                          const CollectionOptions& options) {
  CollectionPtr known = core.find(name);
  if (known && satisfies(*known, options)) return Status::ok();
  LockSet everything;  // before the catalog, as a write takes them
  everything.add_all();
  const KeyLocks held = locks.acquire(everything);
  std::lock_guard lock(core.catalog_mutex());
  known = core.find(name);
  if (known && satisfies(*known, options)) return Status::ok();
  if (!known) {
    QUIPU_ASSIGN_OR_RETURN(const CollectionPtr made, core.make(name, options));
    QUIPU_RETURN_IF_ERROR(put_record(core, *made));
    core.publish(made);
    return Status::ok();
  }
  if (!known->record.indexed_field.empty() && !options.indexed_field.empty() &&
      known->record.indexed_field != options.indexed_field) {
    return Status::invalid_argument("collection " + Json::from_string(name).text() + " is indexed by " +
                                    known->record.indexed_field + ", not by " + options.indexed_field);
  }
  auto changed = std::make_shared<Collection>(*known);
  if (changed->record.persist_file.empty()) changed->record.persist_file = options.persist_file;
  if (changed->record.indexed_field.empty() && !options.indexed_field.empty()) {
    changed->record.indexed_field = options.indexed_field;
    QUIPU_RETURN_IF_ERROR(build_index(core, *changed));
  }
  QUIPU_RETURN_IF_ERROR(put_record(core, *changed));  // last: a half-built index is never taken for whole
  core.publish(changed);
  return Status::ok();
}

Result<bool> drop_collection(StoreCore& core, LockTable& locks, std::string_view name) {
  LockSet everything;
  everything.add_all();
  const KeyLocks held = locks.acquire(everything);
  std::lock_guard lock(core.catalog_mutex());
  const CollectionPtr known = core.find(name);
  if (!known) return false;
  // From this batch on it is gone; clearing its data can wait for the next open.
  rocksdb::WriteBatch batch;
  batch.Delete(core.catalog(), collection_key(name)).PermitUncheckedError();
  batch.Put(core.catalog(), pending_key(known->id()), "").PermitUncheckedError();
  QUIPU_RETURN_IF_ERROR(core.write(batch, core.options().sync));
  core.unpublish(name);
  QUIPU_RETURN_IF_ERROR(core.discard(*known));
  return true;
}

Status compact(StoreCore& core) {
  QUIPU_RETURN_IF_ERROR(core.flush_all());
  std::vector<Family> families = core.shared_families();
  for (const CollectionPtr& collection : core.collections()) {
    if (collection->record.own_family) families.push_back(collection->family);
  }
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  for (const Family& family : families) {
    QUIPU_RETURN_IF_ERROR(from_rocksdb(core.db().CompactRange(options, family.get(), nullptr, nullptr),
                                       core.directory().path() + ": cannot compact"));
  }
  return Status::ok();
}

Result<uint64_t> disk_bytes(const StoreCore& core) {
  std::vector<rocksdb::LiveFileMetaData> files;
  core.db().GetLiveFilesMetaData(&files);
  uint64_t bytes = 0;
  for (const rocksdb::LiveFileMetaData& file : files) bytes += file.size;
  rocksdb::VectorLogPtr logs;
  QUIPU_RETURN_IF_ERROR(
      from_rocksdb(core.db().GetSortedWalFiles(logs), core.directory().path() + ": cannot list the log"));
  for (const auto& log : logs) bytes += log->SizeFileBytes();
  return bytes;
}

}  // namespace quipu::rocks
