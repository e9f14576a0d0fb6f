#ifndef QUIPU_BACKENDS_ROCKSDB_SNAPSHOT_READER_H_
#define QUIPU_BACKENDS_ROCKSDB_SNAPSHOT_READER_H_

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backends/rocksdb/reader.h"

namespace quipu::rocks {

// The whole store as it was at one moment, collections included.
struct Moment {
  SnapshotPtr snapshot;
  std::vector<CollectionPtr> collections;  // in order

  static Moment now(const StoreCore& core);
};

class SnapshotReader : public KVReader {
 public:
  explicit SnapshotReader(const StoreCore& core);

  Result<std::optional<Json>> get(std::string_view key, std::string_view collection) const override;
  Result<std::vector<KVEntry>> get_all(std::string_view collection) const override;
  Result<std::vector<std::optional<Json>>> multi_get(std::span<const std::string_view> keys,
                                                     std::string_view collection) const override;
  Result<std::vector<std::optional<uint64_t>>> insertion_order(std::span<const std::string_view> keys,
                                                               std::string_view collection) const override;
  Result<bool> exists(std::string_view key, std::string_view collection) const override;
  Result<uint64_t> count(std::string_view collection) const override;
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                           std::string_view collection) const override;
  Result<std::vector<CollectionInfo>> collections() const override;
  Result<std::vector<std::string>> persist_files() const override;

 private:
  // Null when there is none.
  Result<CollectionPtr> find(std::string_view name) const;

  const Moment moment_;
  const Reader reader_;
  std::unordered_map<std::string_view, CollectionPtr> by_name_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_SNAPSHOT_READER_H_
