// Insertion hints: a memtable that searches for a key's place from that of the last key that began alike,
// which makes the sorted keys of a batch about twice as fast to insert, and single ones that are ids at
// random.
//
// RocksDB keeps one hint for each beginning in a memtable, about 200 bytes, and uses it for range deletions
// too although these live in a skip list of their own, where the hint is wrong (MemTable::Add, seen in 7.8.3:
// with assertions it aborts, without them it misplaces keys). So the start of a range deletion must be
// outside a hint's domain. Each hint below is for families whose range deletions all start at a prefix that
// it knows.

#ifndef QUIPU_BACKENDS_ROCKSDB_DATABASE_INSERT_HINT_H_
#define QUIPU_BACKENDS_ROCKSDB_DATABASE_INSERT_HINT_H_

#include <rocksdb/slice_transform.h>

#include <cstdint>
#include <memory>

namespace quipu::rocks {

// While one lives, what this thread inserts is a batch of `count`, in order: of many keys each is beside the
// one before it, whatever they begin with, and all share a hint.
class ManyInserts {
 public:
  explicit ManyInserts(uint64_t count);
  ~ManyInserts();
  ManyInserts(const ManyInserts&) = delete;
  ManyInserts& operator=(const ManyInserts&) = delete;

 private:
  const bool before_;
};

// For families that nobody deletes ranges from: those of one collection, which are dropped whole.
std::shared_ptr<const rocksdb::SliceTransform> hint_for_all_keys();
// For keys behind a collection's id, where ranges start at the id.
std::shared_ptr<const rocksdb::SliceTransform> hint_behind_collection();
// For the catalog, from which nobody deletes ranges either: each count is merged into under one key, and the
// place of the next merge is beside that of the last.
std::shared_ptr<const rocksdb::SliceTransform> hint_for_counts();
// For keys behind a list_prefix(), where ranges start at such a prefix or at a collection's id.
std::shared_ptr<const rocksdb::SliceTransform> hint_behind_list();

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_DATABASE_INSERT_HINT_H_
