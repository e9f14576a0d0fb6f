#include "backends/rocksdb/write/collection_catalog.h"

#include <algorithm>
#include <map>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/key_order_iterator.h"
#include "backends/rocksdb/text/text_catalog.h"
#include "backends/rocksdb/text/text_fold.h"
#include "backends/rocksdb/write/collection_index.h"

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

// REQUIRES: nobody writes to the collection.
Status build_index(Database& database, const Collection& collection) {
  const Reader reader(ReadView(database).fixed());
  KeyOrderIterator rows(reader, collection, {});
  rocksdb::WriteBatch batch;
  // An earlier build that did not come to its end has left entries that no write has kept since.
  std::string prefix;
  put_u32(collection.id(), prefix);
  batch.DeleteRange(database.index(), slice(prefix), slice(after_prefix(prefix))).PermitUncheckedError();
  while (rows.next()) {
    const std::optional<JsonView> value = rows.val().find(collection.record.indexed_field);
    if (!value || !value->is_string() || value->text().size() <= 2) continue;
    batch.Put(database.index(), index_prefix(collection.id(), value->string()) + std::string(rows.key()), "")
        .PermitUncheckedError();
    if (batch.GetDataSize() >= kIndexBatchBytes) {
      QUIPU_RETURN_IF_ERROR(database.write(batch, false));
      batch.Clear();
    }
  }
  QUIPU_RETURN_IF_ERROR(rows.status());
  return batch.Count() == 0 ? Status::ok() : database.write(batch, false);
}

// Adds the codes of the next vectors that may have none to a batch, and to `record` how far they have come.
// REQUIRES: nobody writes to the collection.
Status add_codes(Database& database, const Collection& collection, uint64_t at_most, CollectionRecord& record,
                 rocksdb::WriteBatch& batch) {
  const Reader reader(ReadView(database).fixed());
  CommitScope scope(database, reader.read_view());
  ScanOptions rest;
  if (!record.coded_below.empty()) rest.start = record.coded_below;
  KeyOrderIterator rows(reader, collection, rest, /*raw_vectors=*/true);
  std::vector<double> elements;
  std::vector<CodedVector> vectors;
  uint64_t made = 0;
  bool more = rows.next();
  for (; more && made < at_most; more = rows.next(), ++made) {
    if (!parse_vector(rows.raw_value(), elements)) return damaged_record(collection, rows.key());
    CodedVector& vector = vectors.emplace_back();
    vector.dimensions = static_cast<uint32_t>(elements.size());
    vector.sequence = rows.sequence();
    vector.key = scope.keep(rows.key());
    vector.body = scope.keep(coded_body(rows.raw_value(), scope));
  }
  QUIPU_RETURN_IF_ERROR(rows.status());
  put_codes(collection, std::move(vectors), scope);
  scope.write_later(batch);
  record.codes = more ? CollectionRecord::Codes::kSome : CollectionRecord::Codes::kAll;
  record.coded_below = more ? std::string(rows.key()) : std::string();
  return Status::ok();
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

Result<std::vector<std::string>> declared_files(const Reader& reader) {
  std::map<uint64_t, std::string> by_order;
  const std::unique_ptr<rocksdb::Iterator> it = reader.read_view().iterate(reader.database().catalog());
  for (it->Seek("f"); it->Valid() && view(it->key()).starts_with('f'); it->Next()) {
    std::string_view value = view(it->value());
    uint64_t order = 0;
    if (take_varint(value, order)) by_order[order] = view(it->key()).substr(1);
  }
  QUIPU_RETURN_IF_ERROR(from_rocksdb(it->status(), "cannot read the catalog"));
  std::vector<std::string> files;
  for (auto& [order, file] : by_order) files.push_back(std::move(file));
  return files;
}

Status add_file_record(Database& database, std::string_view persist_file, rocksdb::WriteBatch& batch) {
  std::string known;
  const rocksdb::Status found = database.db().Get({}, database.catalog(), file_key(persist_file), &known);
  if (found.ok()) return Status::ok();
  if (!found.IsNotFound()) return from_rocksdb(found, database.directory().path() + ": the catalog");
  std::string order;
  put_varint(database.next_order(), order);
  batch.Put(database.catalog(), file_key(persist_file), order).PermitUncheckedError();
  return Status::ok();
}

Status declare_file(Database& database, std::string_view persist_file) {
  const MutexLock lock(database.catalog_mutex());
  rocksdb::WriteBatch batch;
  QUIPU_RETURN_IF_ERROR(add_file_record(database, persist_file, batch));
  return batch.Count() == 0 ? Status::ok() : database.write(batch, database.options().sync);
}

bool is_declared(const CollectionPtr& known, const CollectionOptions& options) {
  return known && (options.persist_file.empty() || !known->record.persist_file.empty());
}

Status declare_collection(Database& database, std::string_view name, const CollectionOptions& options) {
  QUIPU_RETURN_IF_ERROR(Limits::check_collection_name(name));
  const CollectionPtr before = database.find(name);
  if (is_declared(before, options)) return Status::ok();
  if (!before && options.keeps_codes) QUIPU_RETURN_IF_ERROR(database.require_codes());
  const MutexLock lock(database.catalog_mutex());
  const CollectionPtr known = database.find(name);
  if (is_declared(known, options)) return Status::ok();
  CollectionPtr declared;
  if (known) {
    auto changed = std::make_shared<Collection>(*known);
    changed->record.persist_file = options.persist_file;
    declared = changed;
  } else {
    CollectionOptions made = options;
    made.keeps_codes =
        made.keeps_codes && database.codes() != nullptr;  // it was there a moment ago; else later
    QUIPU_ASSIGN_OR_RETURN(declared, database.make(name, made));
  }
  rocksdb::WriteBatch batch;
  QUIPU_RETURN_IF_ERROR(database.write_record(*declared, batch));
  database.publish(declared);
  return Status::ok();
}

Status ensure_index(Database& database, std::string_view name, std::string_view field) {
  const CollectionPtr before = database.find(name);
  if (!before || before->record.indexed_field == field) return Status::ok();
  QUIPU_RETURN_IF_ERROR(database.writable());
  const CommitGate::Closed alone(database.gate());
  const MutexLock lock(database.catalog_mutex());
  const CollectionPtr known = database.find(name);
  if (!known || known->record.indexed_field == field) return Status::ok();
  if (!known->record.indexed_field.empty()) {
    return Status::invalid_argument("collection " + Json::from_string(name.substr(0, 200)).text() +
                                    " is indexed by " + known->record.indexed_field + ", not by " +
                                    std::string(field));
  }
  auto changed = std::make_shared<Collection>(*known);
  changed->record.indexed_field = field;
  QUIPU_RETURN_IF_ERROR(build_index(database, *changed));
  rocksdb::WriteBatch batch;
  QUIPU_RETURN_IF_ERROR(
      database.write_record(*changed, batch));  // last: a half-built index is never taken for whole
  database.publish(changed);
  database.conflicts().record_schema_change(name);
  return Status::ok();
}

Result<bool> make_codes(Database& database, std::string_view name, uint64_t at_most) {
  using Codes = CollectionRecord::Codes;
  const CollectionPtr before = database.find(name);
  if (!before || before->record.codes == Codes::kAll) return true;
  QUIPU_RETURN_IF_ERROR(database.writable());
  QUIPU_RETURN_IF_ERROR(database.require_codes());
  const CommitGate::Closed alone(database.gate());
  const MutexLock lock(database.catalog_mutex());
  const CollectionPtr known = database.find(name);
  if (!known || known->record.codes == Codes::kAll) return true;
  auto changed = std::make_shared<Collection>(*known);
  rocksdb::WriteBatch batch;
  QUIPU_RETURN_IF_ERROR(add_codes(database, *known, at_most, changed->record, batch));
  QUIPU_RETURN_IF_ERROR(database.write_record(*changed, batch));
  database.publish(changed);
  // From now on every write of a vector writes its code; an open transaction may have written some without.
  if (known->record.codes == Codes::kNone) database.conflicts().record_schema_change(name);
  return changed->record.codes == Codes::kAll;
}

Result<bool> drop_collection(Database& database, std::string_view name) {
  const CommitGate::Closed alone(database.gate());
  const MutexLock lock(database.catalog_mutex());
  const CollectionPtr known = database.find(name);
  if (!known) return false;
  // From this batch on it is gone; clearing its data can wait for the next open. Synced where a family goes:
  // that is durable at once, and a power cut must not leave the record of a collection without its family.
  rocksdb::WriteBatch batch;
  batch.Delete(database.catalog(), collection_key(name)).PermitUncheckedError();
  batch.Put(database.catalog(), pending_key(known->id()), "").PermitUncheckedError();
  const uint32_t text = known->record.text ? known->record.text->id : 0;
  if (text != 0) put_text_pending(database, text, batch);
  QUIPU_RETURN_IF_ERROR(database.write(batch, database.options().sync || known->record.own_family));
  database.conflicts().record_schema_change(name);
  database.unpublish(name);
  QUIPU_RETURN_IF_ERROR(database.discard(*known));
  if (text != 0) QUIPU_RETURN_IF_ERROR(database.discard_text(text));
  return true;
}

Status compact(Database& database, Work& work) {
  QUIPU_RETURN_IF_ERROR(fold_all_texts(database));
  const MutexLock lock(database.maintenance_mutex());
  QUIPU_RETURN_IF_ERROR(database.flush_all());
  std::vector<Family> families = database.shared_families();
  for (const CollectionPtr& collection : database.collections()) {
    if (collection->record.own_family) families.push_back(collection->family);
  }
  std::vector<uint64_t> sizes;
  for (const Family& family : families) {
    rocksdb::ColumnFamilyMetaData data;
    database.db().GetColumnFamilyMetaData(family.get(), &data);
    sizes.push_back(data.size);
    work.expect(data.size);
  }
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  options.canceled = &work.cancelled();
  for (size_t i = 0; i < families.size(); ++i) {
    QUIPU_RETURN_IF_ERROR(work.check());
    QUIPU_RETURN_IF_ERROR(
        from_rocksdb(database.db().CompactRange(options, families[i].get(), nullptr, nullptr),
                     database.directory().path() + ": cannot compact"));
    work.add(sizes[i]);
  }
  return work.finish();
}

Result<uint64_t> disk_bytes(const Database& database) {
  std::vector<rocksdb::LiveFileMetaData> files;
  database.db().GetLiveFilesMetaData(&files);
  uint64_t bytes = 0;
  for (const rocksdb::LiveFileMetaData& file : files) bytes += file.size;
  rocksdb::VectorLogPtr logs;
  QUIPU_RETURN_IF_ERROR(from_rocksdb(database.db().GetSortedWalFiles(logs),
                                     database.directory().path() + ": cannot list the log"));
  for (const auto& log : logs) bytes += log->SizeFileBytes();
  return bytes;
}

}  // namespace quipu::rocks
