// ReadView: what a read sees: the newest state, a snapshot, or a snapshot under the changes of a transaction.

#ifndef QUIPU_BACKENDS_ROCKSDB_READ_READ_VIEW_H_
#define QUIPU_BACKENDS_ROCKSDB_READ_READ_VIEW_H_

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "backends/rocksdb/database/database.h"
#include "backends/rocksdb/read/staged_changes.h"

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

class ReadView {
 public:
  // The newest state, or a snapshot; with `changes`, which must outlive this, over it.
  explicit ReadView(const Database& database, SnapshotPtr snapshot = nullptr,
                    StagedChanges* changes = nullptr)
      : database_(&database), snapshot_(std::move(snapshot)), changes_(changes) {}

  const Database& database() const { return *database_; }
  // Whether other writers cannot change what is read.
  bool is_fixed() const { return snapshot_ != nullptr; }
  // This, or the same over a new snapshot: what must agree is read from one.
  ReadView fixed() const {
    if (is_fixed()) return *this;
    ReadView view = *this;
    view.snapshot_ = std::make_shared<Snapshot>(database_->db());
    return view;
  }

  // The same for who must not wait: where the disk would have to be read, reads are Incomplete.
  ReadView at_hand() const {
    ReadView view = *this;
    view.tier_ = rocksdb::kBlockCacheTier;
    return view;
  }
  // The same for what is not worth to be cached.
  ReadView uncached() const {
    ReadView view = *this;
    view.fill_cache_ = false;
    return view;
  }
  bool is_at_hand() const { return tier_ == rocksdb::kBlockCacheTier; }

  rocksdb::Status get(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key,
                      rocksdb::PinnableSlice& value) const;
  void multi_get(rocksdb::ColumnFamilyHandle* family, std::span<const rocksdb::Slice> keys,
                 rocksdb::PinnableSlice* values, rocksdb::Status* statuses, bool sorted) const;
  // What the changes add to the count of a collection.
  uint64_t count_change(uint32_t collection) const {
    return changes_ == nullptr ? 0 : changes_->count_change(collection);
  }
  // `options`: bounds, which must outlive the iterator, and hints.
  std::unique_ptr<rocksdb::Iterator> iterate(rocksdb::ColumnFamilyHandle* family,
                                             rocksdb::ReadOptions options = {}) const;

 private:
  bool may_be_changed(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key) const {
    return changes_ != nullptr && changes_->may_have(family, key);
  }
  rocksdb::ReadOptions over_snapshot(rocksdb::ReadOptions options = {}) const {
    options.snapshot = snapshot_ ? snapshot_->get() : nullptr;
    options.read_tier = tier_;
    options.fill_cache &= fill_cache_;
    return options;
  }

  const Database* database_;
  SnapshotPtr snapshot_;
  StagedChanges* changes_;
  rocksdb::ReadTier tier_ = rocksdb::kReadAllTier;
  bool fill_cache_ = true;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_READ_READ_VIEW_H_
