// Commit: the one way in which changes reach the database. A span of operations becomes records of one
// RocksDB batch: data, counts, what the indexes have of them (collection_index.h) and the catalog records of
// new collections. The batch is written at once, or is a transaction's, which is written later.

#ifndef QUIPU_BACKENDS_ROCKSDB_WRITE_COMMIT_H_
#define QUIPU_BACKENDS_ROCKSDB_WRITE_COMMIT_H_

#include <memory_resource>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/rocksdb/database/database.h"
#include "backends/rocksdb/read/read_view.h"
#include "backends/rocksdb/read/staged_changes.h"
#include "backends/rocksdb/write/collection_index.h"
#include "backends/rocksdb/write/key_change.h"
#include "quipu/write_batch.h"

namespace quipu::rocks {

class Commit {
 public:
  // What is there already is read through `view`. Where that is at hand, run() and locked() are kBusy rather
  // than to wait (quipu/backend/at_hand.h).
  explicit Commit(Database& database) : Commit(database, ReadView(database)) {}
  Commit(Database& database, ReadView view) : database_(database), scope_(database, std::move(view)) {}
  ~Commit();
  Commit(const Commit&) = delete;
  Commit& operator=(const Commit&) = delete;

  // Makes the changes. REQUIRES: the locks of every key are held. On an error nothing has changed.
  Status run(std::span<const WriteOp> ops, bool sync);
  // The same with the locks of `store`, unless the caller holds them.
  Status locked(const BaseKVStore& store, std::span<const WriteOp> ops, const WriteOptions& options);
  // Adds them to a transaction's batch, which has no deletions of ranges. REQUIRES: the collections exist.
  Status stage(std::span<const WriteOp> ops, StagedChanges& batch);
  // After either, while a transaction is open: the indexed values that have gained or lost keys.
  const std::vector<std::pair<const Collection*, std::string>>& changed_values() const {
    return scope_.changed_values;
  }
  // After either: whether the first operation's key was there before.
  bool first_key_existed() const { return !keys_.empty() && keys_.front().existed; }
  // After either: what is left to be done for text indexes, once all is written.
  TextRest take_text_rest() { return std::move(scope_.texts); }
  // After either: whether anything is written under the key of this operation, by its place.
  bool changes(size_t op) const { return key_of_op_[op] != kNone && keys_[key_of_op_[op]].changed; }

 private:
  static constexpr size_t kNone = SIZE_MAX;
  struct Target {
    CollectionPtr collection;
    bool is_new;
    std::pmr::vector<const CollectionIndex*> indexes;  // that follow the collection
    int64_t count_change = 0;
  };

  size_t batch_bytes() const;  // about what the keys take in a batch
  bool at_hand() const { return scope_.view.is_at_hand(); }
  Status prepare(std::span<const WriteOp> ops);
  Status enter_gate();
  Status write_to(rocksdb::WriteBatchBase& batch, bool ranges);
  void record_changes();
  Status resolve(std::span<const WriteOp> ops);
  Result<size_t> target_of(std::string_view collection, bool create);
  Status load();
  Status load_target(std::span<KeyChange> keys);
  Status load_key(KeyChange& key, const rocksdb::Status& read, std::string_view value);
  Status show_to_indexes(KeyChange& key, const DataRecord* stored);
  Status apply(const WriteOp& op, KeyChange& key);
  Status write_key(KeyChange& key, rocksdb::WriteBatchBase& batch);
  void write_catalog(rocksdb::WriteBatchBase& batch) const;

  Database& database_;
  std::shared_lock<std::shared_mutex> gate_;
  std::unique_lock<Mutex> catalog_lock_;
  CommitScope scope_;
  std::pmr::vector<Target> targets_{scope_.memory()};
  // Sorted within a target: RocksDB reads and inserts them faster so.
  std::pmr::vector<KeyChange> keys_{scope_.memory()};
  std::pmr::vector<size_t> key_of_op_{scope_.memory()};  // kNone: the operation has no effect
  bool handed_over_ = false;  // to RocksDB, which may have kept it even if it failed
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_WRITE_COMMIT_H_
