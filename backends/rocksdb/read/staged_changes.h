// StagedChanges: the batch of a transaction, which knows at once of most keys that it has nothing of them.
// Asking RocksDB's index of the batch costs more than to ask the database. Counts of collections are added up
// beside it until its end, for each change of them would be an entry more under one key, which the next walks
// past.

#ifndef QUIPU_BACKENDS_ROCKSDB_READ_STAGED_CHANGES_H_
#define QUIPU_BACKENDS_ROCKSDB_READ_STAGED_CHANGES_H_

#include <rocksdb/db.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

#include "backends/rocksdb/format/code_block.h"
#include "backends/rocksdb/format/record.h"

namespace quipu::rocks {

// Blocks of codes that a transaction has taken rows out of: what it has found, others may move until it
// commits.
class CodePlaces {
 public:
  using Place = uint64_t;
  struct Places {
    Place from;               // as its snapshot has it
    std::optional<Place> to;  // as its batch has it; nothing: in none
  };

  void move(const CodeKey& row, Place from, std::optional<Place> to) {
    all_.try_emplace(row, Places{from, to}).first->second.to = to;
  }
  void add(const CodePlaces& later) {
    for (const auto& [row, places] : later.all_) move(row, places.from, places.to);
  }
  const std::map<CodeKey, Places>& all() const { return all_; }

 private:
  std::map<CodeKey, Places> all_;
};

class StagedChanges : public rocksdb::WriteBatchWithIndex {
 public:
  StagedChanges() : WriteBatchWithIndex(rocksdb::BytewiseComparator(), 0, /*overwrite_key=*/true) {}

  // False: the batch has no operation on the key, and never had.
  bool may_have(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key) const {
    return keys_.contains(hash_of(family, key));
  }

  // What a commit changes the count of a collection by, modulo 2^64; and what all have changed it by.
  void add_to_count(uint32_t collection, uint64_t change) { counts_[collection] += change; }
  uint64_t count_change(uint32_t collection) const {
    const auto found = counts_.find(collection);
    return found == counts_.end() ? 0 : found->second;
  }
  CodePlaces& code_places() { return code_places_; }
  // Text indexes, by number, that were whole when the transaction began.
  bool knows_text_index(uint32_t id) const { return text_indexes_.contains(id); }
  void know_text_index(uint32_t id) { text_indexes_.insert(id); }
  // The last thing before the batch is written.
  void put_counts(rocksdb::ColumnFamilyHandle* catalog) {
    for (const auto& [collection, change] : counts_) {
      if (change == 0) continue;
      WriteBatchWithIndex::Merge(catalog, count_key(collection), make_count(change)).PermitUncheckedError();
    }
    counts_.clear();
  }

  // What a commit writes with.
  using WriteBatchWithIndex::Delete;
  using WriteBatchWithIndex::Merge;
  using WriteBatchWithIndex::Put;
  rocksdb::Status Put(rocksdb::ColumnFamilyHandle* family, const rocksdb::SliceParts& key,
                      const rocksdb::SliceParts& value) override {
    key_.clear();
    value_.clear();
    return Put(family, rocksdb::Slice(key, &key_), rocksdb::Slice(value, &value_));
  }
  rocksdb::Status Put(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key,
                      const rocksdb::Slice& value) override {
    keys_.insert(hash_of(family, key));
    return WriteBatchWithIndex::Put(family, key, value);
  }
  rocksdb::Status Merge(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key,
                        const rocksdb::Slice& value) override {
    keys_.insert(hash_of(family, key));
    return WriteBatchWithIndex::Merge(family, key, value);
  }
  rocksdb::Status Delete(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key) override {
    keys_.insert(hash_of(family, key));
    return WriteBatchWithIndex::Delete(family, key);
  }

 private:
  static size_t hash_of(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key) {
    return std::hash<std::string_view>{}({key.data(), key.size()}) + family->GetID();
  }

  std::unordered_set<size_t> keys_;
  std::map<uint32_t, uint64_t> counts_;
  CodePlaces code_places_;
  std::set<uint32_t> text_indexes_;
  std::string key_;  // of the last Put that came in parts
  std::string value_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_READ_STAGED_CHANGES_H_
