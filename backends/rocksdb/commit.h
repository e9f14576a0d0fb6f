// Commit: the one way in which changes reach the database. A span of operations becomes one RocksDB batch
// that holds data, counts, member lists, index entries and the catalog records of new collections.

#ifndef QUIPU_BACKENDS_ROCKSDB_COMMIT_H_
#define QUIPU_BACKENDS_ROCKSDB_COMMIT_H_

#include <rocksdb/write_batch.h>

#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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
  struct Target {
    CollectionPtr collection;
    bool is_new = false;
    int64_t count_change = 0;
  };
  // A key that the batch touches: what is stored, and what will be.
  struct Key {
    size_t target;
    std::string full_key;
    std::string_view user_key;
    // before
    bool existed = false;
    bool was_list = false;
    uint64_t old_count = 0;   // members, where it was a list
    std::string old_indexed;  // value of the indexed field; empty: none
    // now
    bool exists = false;
    bool is_list = false;
    bool fresh_list = false;  // its members so far are those of this batch
    bool changed = false;
    bool inserted = false;  // by this batch: sequence is the place among its insertions
    uint64_t sequence = 0;
    std::string_view value;  // a plain value
    uint64_t count = 0;
    std::string head;
    std::string tail;
    std::unordered_map<std::string, bool> members;                // changed ones: member -> is in the list
    std::vector<std::pair<std::string, uint64_t>> added_members;  // with their places, as sequence
  };

  Status resolve(std::span<const WriteOp> ops);
  Result<size_t> target_of(std::string_view collection, bool create);
  Status load();
  Status load_target(size_t target, std::span<const size_t> keys);
  Status load_key(Key& key, std::string_view value);
  Status apply(const WriteOp& op, Key& key);
  Result<bool> has_member(const Key& key, std::string_view member) const;
  Status write_key(const Key& key, uint64_t base);
  Status remove_members(const Key& key);
  void write_members(const Key& key, uint64_t base);
  void write_index(const Key& key);
  void write_catalog();

  StoreCore& core_;
  std::shared_lock<std::shared_mutex> gate_;
  std::unique_lock<std::mutex> catalog_lock_;
  rocksdb::WriteBatch batch_;
  std::vector<Target> targets_;
  std::vector<Key> keys_;
  std::vector<std::optional<size_t>> key_of_op_;  // nothing: the operation has no effect
  uint64_t inserted_ = 0;                         // keys and members, in the order of the operations
  bool handed_over_ = false;                      // to RocksDB, which may have kept it even if it failed
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_COMMIT_H_
