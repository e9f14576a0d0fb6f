// ConflictTable: what has been changed since the oldest open transaction began, so that a transaction can
// tell whether anything that it used is no longer as it was. Empty, and free of cost, while none is open.
//
// What changed is remembered as 64-bit fingerprints. Two different things may have the same fingerprint: a
// transaction then sees a conflict that is none, once in about 10^19 pairs.
//
// Thread-safety: all methods, from any thread.

#ifndef QUIPU_BACKENDS_ROCKSDB_DATABASE_CONFLICT_TABLE_H_
#define QUIPU_BACKENDS_ROCKSDB_DATABASE_CONFLICT_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>

#include "quipu/backend/thread_annotations.h"

namespace quipu::rocks {

using Fingerprint = uint64_t;
Fingerprint key_fingerprint(std::string_view collection, std::string_view key);
// Of the keys that a value of an indexed field has.
Fingerprint index_fingerprint(std::string_view collection, std::string_view value);
// Of any key of a collection.
Fingerprint collection_fingerprint(std::string_view collection);
// Of a collection as a whole: dropped, loaded in bulk, given an index.
Fingerprint schema_change_fingerprint(std::string_view collection);

class ConflictTable {
 public:
  // More than these are not remembered: transactions that began before then conflict with everything.
  static constexpr size_t kMaxFingerprints = 4'000'000;

  bool watching() const { return open_count_.load() != 0; }
  size_t open_transactions() const { return open_count_.load(); }

  // A transaction begins; what it is known by. REQUIRES: no commit is between its write and its record().
  uint64_t begin();
  void end(uint64_t transaction);

  // REQUIRES: what changed is written, and no transaction can have begun since.
  void record(std::span<const Fingerprint> changed);
  // Open transactions that have to do with the collection conflict from now on.
  void record_schema_change(std::string_view collection);
  bool changed_since(uint64_t transaction, Fingerprint fingerprint) const;

 private:
  void forget_older_than(uint64_t time) QUIPU_REQUIRES(mutex_);

  std::atomic<size_t> open_count_{0};
  mutable Mutex mutex_;
  // Grows with every transaction that begins.
  uint64_t time_ QUIPU_GUARDED_BY(mutex_) = 0;
  // The times at which the open ones began.
  std::multiset<uint64_t> open_ QUIPU_GUARDED_BY(mutex_);
  // Changes before this time may have been forgotten.
  uint64_t complete_since_ QUIPU_GUARDED_BY(mutex_) = 0;
  std::unordered_map<Fingerprint, uint64_t> changed_at_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_DATABASE_CONFLICT_TABLE_H_
