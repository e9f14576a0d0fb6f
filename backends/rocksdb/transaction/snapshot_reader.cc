#include "backends/rocksdb/transaction/snapshot_reader.h"

namespace quipu::rocks {

Moment Moment::now(const StoreCore& core) {
  // Whoever makes or drops a collection holds this from the write until it is published.
  std::lock_guard lock(core.catalog_mutex());
  return {std::make_shared<Snapshot>(core.db()), core.collections()};
}

SnapshotReader::SnapshotReader(const StoreCore& core)
    : moment_(Moment::now(core)), reader_(ReadView(core, moment_.snapshot)) {
  by_name_.reserve(moment_.collections.size());
  for (const CollectionPtr& collection : moment_.collections) by_name_[collection->name] = collection;
}

Result<CollectionPtr> SnapshotReader::find(std::string_view name,
                                           std::span<const std::string_view> /*keys*/) const {
  QUIPU_RETURN_IF_ERROR(reader_.core().usable());
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? CollectionPtr() : found->second;
}

Result<std::vector<CollectionInfo>> SnapshotReader::collections() const {
  QUIPU_RETURN_IF_ERROR(reader_.core().usable());
  return collection_infos(reader_, moment_.collections);
}

Result<std::vector<std::string>> SnapshotReader::declared_files() const {
  QUIPU_RETURN_IF_ERROR(reader_.core().usable());
  return rocks::declared_files(reader_);
}

}  // namespace quipu::rocks
