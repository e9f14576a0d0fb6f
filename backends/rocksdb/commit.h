// Commit: the one way in which changes reach the database. A span of operations becomes one RocksDB batch
// that holds data, counts, member lists, index entries and the catalog records of new collections.

#ifndef QUIPU_BACKENDS_ROCKSDB_COMMIT_H_
#define QUIPU_BACKENDS_ROCKSDB_COMMIT_H_

#include <rocksdb/write_batch.h>

#include <memory>
#include <memory_resource>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/rocksdb/list_change.h"
#include "backends/rocksdb/store_core.h"
#include "quipu/write_batch.h"

namespace quipu::rocks {

class Commit {
 public:
  explicit Commit(StoreCore& core) : core_(core) {}
  ~Commit();
  Commit(const Commit&) = delete;
  Commit& operator=(const Commit&) = delete;

  // REQUIRES: the locks of every key are held. On an error nothing has changed.
  Status run(std::span<const WriteOp> ops, bool sync);
  // After run(): whether the first operation's key was there before.
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

  Status resolve(std::span<const WriteOp> ops);
  Result<size_t> target_of(std::string_view collection, bool create);
  Status load();
  Status load_target(std::span<Key> keys);
  Status load_key(Key& key, std::string_view value);
  Status apply(const WriteOp& op, Key& key);
  Status apply_put(const WriteOp& op, Key& key);
  Status apply_member(const WriteOp& op, Key& key);
  ListChange& list_of(Key& key);
  Status write_key(const Key& key, uint64_t base);
  void change_index(const Key& key);
  void write_index();
  void write_catalog();
  std::string_view keep(std::string_view front, std::string_view back);

  StoreCore& core_;
  std::shared_lock<std::shared_mutex> gate_;
  std::unique_lock<std::mutex> catalog_lock_;
  rocksdb::WriteBatch batch_;
  std::vector<Target> targets_;
  std::pmr::monotonic_buffer_resource arena_;
  std::vector<Key> keys_;          // sorted within a target: RocksDB reads and inserts them faster so
  std::vector<size_t> key_of_op_;  // kNone: the operation has no effect
  std::vector<IndexEntry> index_;
  uint64_t inserted_ = 0;     // keys and members, in the order of the operations
  bool handed_over_ = false;  // to RocksDB, which may have kept it even if it failed
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_COMMIT_H_
