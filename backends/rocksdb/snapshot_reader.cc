#include "backends/rocksdb/snapshot_reader.h"

#include "backends/rocksdb/collection_admin.h"

namespace quipu::rocks {

Moment Moment::now(const StoreCore& core) {
  // Whoever makes or drops a collection holds this from the write until it is published.
  std::lock_guard lock(core.catalog_mutex());
  return {std::make_shared<Snapshot>(core.db()), core.collections()};
}

SnapshotReader::SnapshotReader(const StoreCore& core)
    : moment_(Moment::now(core)), reader_(core, moment_.snapshot) {
  by_name_.reserve(moment_.collections.size());
  for (const CollectionPtr& collection : moment_.collections) by_name_[collection->name] = collection;
}

Result<CollectionPtr> SnapshotReader::find(std::string_view name) const {
  QUIPU_RETURN_IF_ERROR(reader_.core().usable());
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? CollectionPtr() : found->second;
}

Result<std::optional<Json>> SnapshotReader::get(std::string_view key, std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find(collection));
  return found ? reader_.get(*found, key) : std::optional<Json>();
}

Result<std::vector<KVEntry>> SnapshotReader::get_all(std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find(collection));
  return found ? reader_.get_all(*found) : std::vector<KVEntry>();
}

Result<std::vector<std::optional<Json>>> SnapshotReader::multi_get(std::span<const std::string_view> keys,
                                                                   std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find(collection));
  return found ? reader_.multi_get(*found, keys) : std::vector<std::optional<Json>>(keys.size());
}

Result<std::vector<std::optional<uint64_t>>> SnapshotReader::insertion_order(
    std::span<const std::string_view> keys, std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find(collection));
  if (!found) return std::vector<std::optional<uint64_t>>(keys.size());
  return reader_.insertion_order(*found, keys);
}

Result<bool> SnapshotReader::exists(std::string_view key, std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find(collection));
  return found ? reader_.exists(*found, key) : false;
}

Result<uint64_t> SnapshotReader::count(std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find(collection));
  return found ? reader_.count(*found) : uint64_t{0};
}

Result<std::unique_ptr<KVIterator>> SnapshotReader::scan(const ScanOptions& options,
                                                         std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find(collection));
  return scan_or_nothing(reader_, found, options);
}

Result<std::vector<CollectionInfo>> SnapshotReader::collections() const {
  QUIPU_RETURN_IF_ERROR(reader_.core().usable());
  return collection_infos(reader_, moment_.collections);
}

Result<std::vector<std::string>> SnapshotReader::persist_files() const {
  QUIPU_RETURN_IF_ERROR(reader_.core().usable());
  return rocks::persist_files(reader_, moment_.collections);
}

}  // namespace quipu::rocks
