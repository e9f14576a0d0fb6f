// ContentSummary: what a store holds, in a few numbers a collection: two stores with the same summaries hold
// the same.
//
// Cost: a scan of everything in insertion order. Memory: that of the scan. Thread-safety: a plain value.

#ifndef QUIPU_ENGINE_MIGRATE_CONTENT_SUMMARY_H_
#define QUIPU_ENGINE_MIGRATE_CONTENT_SUMMARY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/migrate/unfit_entries.h"
#include "quipu/kv_store.h"

namespace quipu {

// The hashes of a collection's entries.
class EntryHashes {
 public:
  EntryHashes();
  ~EntryHashes();
  EntryHashes(EntryHashes&&) noexcept;
  EntryHashes& operator=(EntryHashes&&) noexcept;

  void add(std::string_view key, std::string_view value);
  uint64_t count() const { return count_; }
  // The same for the same entries, in whichever order they were added: the sum of their SHA-256, in
  // hexadecimal.
  std::string content() const;
  // Of the keys in their order.
  std::string order() const;

 private:
  struct Digests;
  std::unique_ptr<Digests> digests_;
  uint64_t count_ = 0;
};

struct CollectionSummary {
  CollectionInfo info;  // its count is that of the entries that were read
  std::string content;  // EntryHashes
  std::string order;
};

// A table beside a store that moves as it is.
struct TableSummary {
  std::string name;
  uint64_t count = 0;   // rows
  std::string content;  // EntryHashes of the columns (TableReads::columns()) and the rows' texts
};

struct ContentSummary {
  std::vector<std::string> declared_files;
  std::vector<CollectionSummary> collections;  // in the store's order, without a migration's own
  std::vector<TableSummary> tables = {};       // by name
  uint64_t bytes = 0;                          // of all keys, values and rows

  // The same for the same content, order of insertion and files.
  std::string fingerprint() const;
  const CollectionSummary* find(std::string_view collection) const;
};

// Of the source of a migration: what its target cannot hold is noted in `unfit`.
Result<ContentSummary> summarize(const KVReader& store, UnfitEntries& unfit);
Result<CollectionSummary> summarize(const KVReader& store, const CollectionInfo& collection, uint64_t& bytes,
                                    UnfitEntries* unfit = nullptr);

// OK where `found`, the summary of the target's collection, is that of the source's. kCorruption saying in
// what they differ.
Status check_same(const CollectionSummary& wanted, const CollectionSummary& found, bool with_order);

}  // namespace quipu

#endif  // QUIPU_ENGINE_MIGRATE_CONTENT_SUMMARY_H_
