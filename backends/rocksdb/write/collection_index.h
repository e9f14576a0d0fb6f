// CollectionIndex: what a commit writes beside the records of the keys that it changes, in the same batch: an
// index is entries in a family of its own, kept by every write. Field indexes, member lists, composed
// values, vectors and text indexes are its cases; a further one is a further file and a line in
// collection_indexes.cc (README.md).
//
// A commit shows each key that it touches to each index, before anything changes; an index that has to do
// with the key adds an IndexedKey to it. It is told what becomes of the key, and writes its entries at the
// end. Thread-safety: an index has no state; an IndexedKey belongs to one commit.

#ifndef QUIPU_BACKENDS_ROCKSDB_WRITE_COLLECTION_INDEX_H_
#define QUIPU_BACKENDS_ROCKSDB_WRITE_COLLECTION_INDEX_H_

#include <array>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/rocksdb/format/code_batch.h"
#include "backends/rocksdb/read/read_view.h"
#include "backends/rocksdb/read/staged_changes.h"
#include "backends/rocksdb/text/text_fold.h"
#include "backends/rocksdb/write/key_change.h"
#include "quipu/backend/features.h"
#include "quipu/write_batch.h"

namespace quipu::rocks {

class CollectionIndex;
class CommitScope;

// What an index has to do with all keys of a batch that are of one collection.
class IndexedBatch {
 public:
  virtual ~IndexedBatch() = default;
  // After all of its keys are written.
  virtual Status finish(CommitScope& scope) = 0;
};

// What a record or an entry takes in a batch beside key and value: tag, family, lengths, sequence.
inline constexpr size_t kBatchBytesPerKey = 24;

// What a commit has for its indexes.
class CommitScope {
 public:
  CommitScope(Database& database, ReadView view) : view(std::move(view)), database_(database) {}
  ~CommitScope();
  CommitScope(const CommitScope&) = delete;
  CommitScope& operator=(const CommitScope&) = delete;

  // Makes the part of a key that is an index's; it lives as long as this.
  template <class Part, class... Arguments>
  Part* add(KeyChange& key, const CollectionIndex& index, Arguments&&... arguments);
  // The part of a collection's keys together; made by the first call.
  template <class Batch>
  Batch& batch_of(const Collection& collection);
  Status finish_batches() {
    for (const auto& [collection, batch] : batches_) QUIPU_RETURN_IF_ERROR(batch->finish(*this));
    return Status::ok();
  }
  Database& database() const { return database_; }
  // Both strings as one that lives as long as this.
  std::string_view keep(std::string_view front, std::string_view back = {});
  // So many bytes that live as long as this.
  std::span<char> take(size_t size) { return {static_cast<char*>(arena_.allocate(size, 1)), size}; }
  // The place of one more insertion, of a key or of an entry, among those of the batch.
  uint64_t insert() { return inserted++; }
  // An entry that is written behind all records, in the order of its family and key; key and value live as
  // long as this.
  void put_later(rocksdb::ColumnFamilyHandle* family, std::string_view key, std::string_view value = {}) {
    later_.push_back({family, key, value, LaterEntry::kPut});
  }
  void delete_later(rocksdb::ColumnFamilyHandle* family, std::string_view key) {
    later_.push_back({family, key, {}, LaterEntry::kDelete});
  }
  // A change of a block of codes (format/code_block.h). Those of one block are written as one.
  void merge_later(rocksdb::ColumnFamilyHandle* family, std::string_view key, std::string_view operand) {
    later_.push_back({family, key, operand, LaterEntry::kMerge});
  }
  void write_later(rocksdb::WriteBatchBase& batch);
  // Deletes all entries whose keys begin with `prefix`, of which about `count` are stored.
  Status erase_all(rocksdb::ColumnFamilyHandle* family, const std::string& prefix, uint64_t count,
                   rocksdb::WriteBatchBase& batch) const;

  // For what lives as long as this: of a batch of a few keys it all fits here, and nothing is allocated.
  std::pmr::memory_resource* memory() { return &arena_; }

  const ReadView view;          // through which what is stored is read
  uint64_t inserted = 0;        // keys and entries, in the order of the operations
  uint64_t first_sequence = 0;  // of these; known when entries are written
  uint64_t entry_bytes = 0;     // about what the entries take in the batch
  bool ranges = true;           // whether the batch may delete ranges
  bool watched = false;         // by a transaction, which is told of the values that changed
  std::vector<std::pair<const Collection*, std::string>> changed_values;
  StagedChanges* staged = nullptr;  // of a transaction, whose view is of when it began; else null
  CodePlaces code_places;           // of a transaction
  std::vector<std::pair<uint32_t, uint64_t>> counts;  // by what to change them, modulo 2^64, by their numbers
  TextRest texts;

 private:
  struct LaterEntry {
    enum Kind : uint8_t { kPut, kDelete, kMerge };
    rocksdb::ColumnFamilyHandle* family;
    std::string_view key;
    std::string_view value;
    Kind kind;
  };

  Database& database_;
  std::vector<std::pair<const Collection*, std::unique_ptr<IndexedBatch>>> batches_;
  std::array<std::byte, 4096> first_bytes_;
  std::pmr::monotonic_buffer_resource arena_{first_bytes_.data(), first_bytes_.size()};
  std::pmr::vector<IndexedKey*> parts_{&arena_};
  std::pmr::vector<LaterEntry> later_{&arena_};
};

// What one index has to do with one key of a batch.
class IndexedKey {
 public:
  virtual ~IndexedKey() = default;
  // A plain value, or nothing, takes the place of what was there.
  virtual void replaced() {}
  // Adds what has become of the key to the batch; may give it the body that is written. For a key that has
  // changed, or where this is `touched`.
  virtual Status write(KeyChange& key, CommitScope& scope, rocksdb::WriteBatchBase& batch) = 0;

  bool touched = false;  // entries change, whether or not the key does
  const CollectionIndex* index = nullptr;
  IndexedKey* next = nullptr;
};

class CollectionIndex {
 public:
  virtual ~CollectionIndex() = default;
  // The kinds of operations that it alone understands.
  virtual std::span<const WriteOp::Kind* const> kinds() const { return {}; }
  // Whether it may have to do with keys of this collection.
  virtual bool follows(const Collection& collection) const = 0;
  // A key of such a collection that a batch touches; `stored`: the record that it has, or null.
  virtual Status load(KeyChange& key, const DataRecord* stored, CommitScope& scope) const = 0;
  // An operation of its kinds; or one that puts nothing, where there is no such collection.
  virtual Status apply(const WriteOp& op, KeyChange& key, CommitScope& scope) const;
  virtual Status apply_to_nothing(const WriteOp& op) const;

  // All that there are.
  static std::span<const CollectionIndex* const> all();
  // The one that understands an operation; null: none.
  static const CollectionIndex* of(const WriteOp::Kind* kind);

 protected:
  // Its part of a key, or null.
  IndexedKey* part_of(const KeyChange& key) const {
    IndexedKey* part = key.indexes;
    while (part != nullptr && part->index != this) part = part->next;
    return part;
  }
};

extern const CollectionIndex& kFieldIndexes;
extern const CollectionIndex& kMemberLists;
extern const CollectionIndex& kComposedValues;
extern const CollectionIndex& kVectors;
extern const CollectionIndex& kTexts;

// Adds codes of a collection's vectors, each once, to a batch.
void put_codes(const Collection& collection, std::vector<CodedVector> vectors, CommitScope& scope);
// The body of a vector's record, as it is or, of JSON text, as it would be: it lives as long as the scope.
std::string_view coded_body(std::string_view body, CommitScope& scope);
// Takes rows of a transaction's batch out of blocks that others have moved them to since it began. REQUIRES:
// nobody else writes.
Status remove_moved_codes(const Database& database, StagedChanges& changes);

// A value takes the place of what is under the key.
void put_body(KeyChange& key, std::string_view body, CommitScope& scope);

template <class Batch>
Batch& CommitScope::batch_of(const Collection& collection) {
  for (const auto& [known, batch] : batches_) {
    auto* const found = known == &collection ? dynamic_cast<Batch*>(batch.get()) : nullptr;
    if (found != nullptr) return *found;
  }
  return static_cast<Batch&>(*batches_.emplace_back(&collection, std::make_unique<Batch>(collection)).second);
}

template <class Part, class... Arguments>
Part* CommitScope::add(KeyChange& key, const CollectionIndex& index, Arguments&&... arguments) {
  void* const place = arena_.allocate(sizeof(Part), alignof(Part));
  Part* const part = new (place) Part(std::forward<Arguments>(arguments)...);
  parts_.push_back(part);
  part->index = &index;
  part->next = std::exchange(key.indexes, part);
  return part;
}

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_WRITE_COLLECTION_INDEX_H_
