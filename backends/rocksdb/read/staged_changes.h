// StagedChanges: the batch of a transaction, which knows at once of most keys that it has nothing of them.
// Asking RocksDB's index of the batch costs more than to ask the database.

#ifndef QUIPU_BACKENDS_ROCKSDB_READ_STAGED_CHANGES_H_
#define QUIPU_BACKENDS_ROCKSDB_READ_STAGED_CHANGES_H_

#include <rocksdb/utilities/write_batch_with_index.h>

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace quipu::rocks {

class StagedChanges : public rocksdb::WriteBatchWithIndex {
 public:
  StagedChanges() : WriteBatchWithIndex(rocksdb::BytewiseComparator(), 0, /*overwrite_key=*/true) {}

  // False: the batch has no operation on the key, and never had.
  bool may_have(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key) const {
    return keys_.contains(hash_of(family, key));
  }

  // What a commit writes with.
  using WriteBatchWithIndex::Delete;
  using WriteBatchWithIndex::Merge;
  using WriteBatchWithIndex::Put;
  rocksdb::Status Put(rocksdb::ColumnFamilyHandle* family, const rocksdb::SliceParts& key,
                      const rocksdb::SliceParts& value) override {
    std::string whole;
    keys_.insert(hash_of(family, rocksdb::Slice(key, &whole)));
    return WriteBatchWithIndex::Put(family, key, value);
  }
  rocksdb::Status Put(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key,
                      const rocksdb::Slice& value) override {
    keys_.insert(hash_of(family, key));
    return WriteBatchWithIndex::Put(family, key, value);
  }
  rocksdb::Status Delete(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key) override {
    keys_.insert(hash_of(family, key));
    return WriteBatchWithIndex::Delete(family, key);
  }
  rocksdb::Status Merge(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key,
                        const rocksdb::Slice& value) override {
    keys_.insert(hash_of(family, key));
    return WriteBatchWithIndex::Merge(family, key, value);
  }

 private:
  static size_t hash_of(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key) {
    return std::hash<std::string_view>{}({key.data(), key.size()}) + family->GetID();
  }

  std::unordered_set<size_t> keys_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_READ_STAGED_CHANGES_H_
