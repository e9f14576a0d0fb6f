// Reader: reads of a store, as it is now or as a RocksDB snapshot has it.

#ifndef QUIPU_BACKENDS_ROCKSDB_READER_H_
#define QUIPU_BACKENDS_ROCKSDB_READER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/rocksdb/store_core.h"
#include "quipu/kv_store.h"

namespace quipu::rocks {

// A RocksDB snapshot that releases itself.
class Snapshot {
 public:
  explicit Snapshot(rocksdb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {}
  ~Snapshot() { db_.ReleaseSnapshot(snapshot_); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  const rocksdb::Snapshot* get() const { return snapshot_; }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* const snapshot_;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

class Reader {
 public:
  // `snapshot` null: the newest state.
  explicit Reader(const StoreCore& core, SnapshotPtr snapshot = nullptr)
      : core_(core), snapshot_(std::move(snapshot)) {}

  Result<std::optional<Json>> get(const Collection& collection, std::string_view key) const;
  Result<bool> exists(const Collection& collection, std::string_view key) const;
  Result<std::vector<std::optional<Json>>> multi_get(const Collection& collection,
                                                     std::span<const std::string_view> keys) const;
  // The sequence of each key's first insertion.
  Result<std::vector<std::optional<uint64_t>>> insertion_order(const Collection& collection,
                                                               std::span<const std::string_view> keys) const;
  Result<std::vector<KVEntry>> get_all(const Collection& collection) const;
  Result<uint64_t> count(const Collection& collection) const;
  Result<std::unique_ptr<KVIterator>> scan(const CollectionPtr& collection, const ScanOptions& options) const;

  // The members of a list, in order.
  Result<std::vector<std::string>> members(const Collection& collection, std::string_view key) const;
  // The object of a record; a list is put together from its members.
  Result<std::string> compose(const Collection& collection, std::string_view key,
                              const DataRecord& record) const;

  // Calls `use` with the record of each key that there is.
  Status read_many(const Collection& collection, std::span<const std::string_view> keys,
                   const std::function<Status(size_t, const DataRecord&)>& use) const;

  rocksdb::ReadOptions read_options() const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_ ? snapshot_->get() : nullptr;
    return options;
  }
  const StoreCore& core() const { return core_; }

 private:
  // This, or the same over a new snapshot: what must agree is read from one.
  Reader fixed() const { return snapshot_ ? *this : Reader(core_, std::make_shared<Snapshot>(core_.db())); }

  const StoreCore& core_;
  SnapshotPtr snapshot_;
};

Status damaged_record(const Collection& collection, std::string_view key);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_READER_H_
