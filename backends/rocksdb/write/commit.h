// Commit: the one way in which changes reach the database. A span of operations becomes records of one
// RocksDB batch: data, counts, member lists, index entries and the catalog records of new collections. The
// batch is written at once, or is a transaction's, which is written later.

#ifndef QUIPU_BACKENDS_ROCKSDB_WRITE_COMMIT_H_
#define QUIPU_BACKENDS_ROCKSDB_WRITE_COMMIT_H_

#include <memory>
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
#include "backends/rocksdb/write/list_change.h"
#include "quipu/write_batch.h"

namespace quipu::rocks {

// Whether an operation makes its collection when there is none.
inline bool creates(WriteOp::Kind kind) {
  return kind == WriteOp::Kind::kPut || kind == WriteOp::Kind::kPutList || kind == WriteOp::Kind::kPutVector;
}

class Commit {
 public:
  // What is there already is read through `view`.
  explicit Commit(Database& database) : Commit(database, ReadView(database)) {}
  Commit(Database& database, ReadView view) : database_(database), view_(std::move(view)) {}
  ~Commit();
  Commit(const Commit&) = delete;
  Commit& operator=(const Commit&) = delete;

  // Makes the changes. REQUIRES: the locks of every key are held. On an error nothing has changed.
  Status run(std::span<const WriteOp> ops, bool sync);
  // Adds them to a transaction's batch, which has no deletions of ranges. REQUIRES: the collections exist.
  Status stage(std::span<const WriteOp> ops, rocksdb::WriteBatchWithIndex& batch);
  // After either: the indexed values that have gained or lost keys.
  const std::vector<std::pair<CollectionPtr, std::string>>& changed_values() const { return changed_values_; }
  // After either: whether the first operation's key was there before.
  bool first_key_existed() const { return !keys_.empty() && keys_.front().existed; }

 private:
  static constexpr size_t kNone = SIZE_MAX;
  struct Target {
    CollectionPtr collection;
    bool is_new = false;
    int64_t count_change = 0;
  };
  // A key that the batch touches: what is stored, and what will be. The bytes of its full key are in arena_.
  struct Key {
    size_t target;
    std::string_view user_key;
    std::string_view full_key;
    bool existed = false;
    std::string old_indexed;  // stored value of the indexed field; empty: none
    bool exists = false;
    bool is_list = false;
    bool changed = false;
    bool inserted = false;  // by this batch: sequence is the place among its insertions
    uint64_t sequence = 0;
    std::string_view value;  // a plain value
    std::unique_ptr<ListChange> list;
  };
  struct IndexEntry {
    std::string_view key;  // in arena_
    bool listed;
  };

  size_t batch_bytes() const;  // about what the keys take in a batch
  Status prepare(std::span<const WriteOp> ops);
  Status write_to(rocksdb::WriteBatchBase& batch, bool ranges);
  void record_changes();
  Status resolve(std::span<const WriteOp> ops);
  Result<size_t> target_of(std::string_view collection, bool create);
  Status load();
  Status load_target(std::span<Key> keys);
  Status load_key(Key& key, std::string_view value);
  Status apply(const WriteOp& op, Key& key);
  Status apply_put(const WriteOp& op, Key& key);
  Status apply_member(const WriteOp& op, Key& key);
  ListChange& list_of(Key& key);
  Status write_key(const Key& key, rocksdb::WriteBatchBase& batch, bool ranges);
  void change_index(const Key& key);
  void write_index(rocksdb::WriteBatchBase& batch);
  void write_catalog(rocksdb::WriteBatchBase& batch) const;
  std::string_view keep(std::string_view front, std::string_view back);

  Database& database_;
  const ReadView view_;
  std::shared_lock<std::shared_mutex> gate_;
  std::unique_lock<std::mutex> catalog_lock_;
  std::vector<Target> targets_;
  std::pmr::monotonic_buffer_resource arena_;
  std::vector<Key> keys_;          // sorted within a target: RocksDB reads and inserts them faster so
  std::vector<size_t> key_of_op_;  // kNone: the operation has no effect
  std::vector<IndexEntry> index_;
  std::vector<std::pair<CollectionPtr, std::string>> changed_values_;
  uint64_t inserted_ = 0;        // keys and members, in the order of the operations
  uint64_t first_sequence_ = 0;  // of these
  bool handed_over_ = false;     // to RocksDB, which may have kept it even if it failed
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_WRITE_COMMIT_H_
