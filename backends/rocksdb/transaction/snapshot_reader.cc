#include "backends/rocksdb/transaction/snapshot_reader.h"

namespace quipu::rocks {

StoreSnapshot StoreSnapshot::now(const Database& database) {
  // Whoever makes or drops a collection holds this from the write until it is published.
  const MutexLock lock(database.catalog_mutex());
  return {std::make_shared<Snapshot>(database.db()), database.collections()};
}

SnapshotReader::SnapshotReader(const Database& database)
    : snapshot_(StoreSnapshot::now(database)), reader_(ReadView(database, snapshot_.snapshot)) {
  by_name_.reserve(snapshot_.collections.size());
  for (const CollectionPtr& collection : snapshot_.collections) by_name_[collection->name] = collection;
}

Result<CollectionPtr> SnapshotReader::find(std::string_view name,
                                           std::span<const std::string_view> /*keys*/) const {
  QUIPU_RETURN_IF_ERROR(reader_.database().usable());
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? CollectionPtr() : found->second;
}

Result<std::vector<CollectionInfo>> SnapshotReader::collections() const {
  QUIPU_RETURN_IF_ERROR(reader_.database().usable());
  return collection_infos(reader_, snapshot_.collections);
}

Result<std::vector<std::string>> SnapshotReader::declared_files() const {
  QUIPU_RETURN_IF_ERROR(reader_.database().usable());
  return rocks::declared_files(reader_);
}

}  // namespace quipu::rocks
