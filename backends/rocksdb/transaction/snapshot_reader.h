#ifndef QUIPU_BACKENDS_ROCKSDB_TRANSACTION_SNAPSHOT_READER_H_
#define QUIPU_BACKENDS_ROCKSDB_TRANSACTION_SNAPSHOT_READER_H_

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backends/rocksdb/transaction/collection_reads.h"

namespace quipu::rocks {

// The whole store as it was at one moment, collections included.
struct StoreSnapshot {
  SnapshotPtr snapshot;
  std::vector<CollectionPtr> collections;  // in order

  static StoreSnapshot now(const Database& database);
};

class SnapshotReader : public CollectionReads<KVReader> {
 public:
  explicit SnapshotReader(const Database& database);

  Result<std::vector<CollectionInfo>> collections() const override;
  Result<std::vector<std::string>> declared_files() const override;

 private:
  const Reader& reader() const override { return reader_; }
  Result<CollectionPtr> find(std::string_view name, std::span<const std::string_view> keys) const override;
  Result<CollectionPtr> find_all(std::string_view name) const override { return find(name, {}); }

  const StoreSnapshot snapshot_;
  const Reader reader_;
  std::unordered_map<std::string_view, CollectionPtr> by_name_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_TRANSACTION_SNAPSHOT_READER_H_
