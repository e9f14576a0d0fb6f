// StagedChanges: what a transaction has written and not committed, over what it sees of the store; and scans
// of both together.
//
// Thread-safety: as a standard container. Lifetime: an iterator views it, and ends with the next change.

#ifndef QUIPU_BACKENDS_POSTGRES_TRANSACTION_STAGED_CHANGES_H_
#define QUIPU_BACKENDS_POSTGRES_TRANSACTION_STAGED_CHANGES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/kv_store.h"
#include "quipu/write_batch.h"

namespace quipu::postgres {

class StagedChanges {
 public:
  struct Change {
    std::optional<std::string> value;  // nothing: the key goes
    bool erased = false;               // at any time, so that it stands at the end if it has come back
    uint64_t place = 0;                // among those that stand at the end
  };
  using Changes = std::map<std::string, Change, std::less<>>;  // by key

  // `ops`: puts and deletions.
  void stage(std::span<const WriteOp> ops);
  // Null where nothing has been changed.
  const Changes* of(std::string_view collection) const;
  const Change* find(std::string_view collection, std::string_view key) const;
  const std::map<std::string, Changes, std::less<>>& all() const { return collections_; }

  // What they come to, as operations that view this.
  std::vector<WriteOp> ops() const;
  size_t bytes() const { return bytes_; }
  // Another number after each change.
  uint64_t revision() const { return next_place_; }

  // The scan of a collection with these changes: `base` is that of the store, in the same order and range,
  // but without a limit; `orders` has the store's numbers of the changed keys, in their order.
  static std::unique_ptr<KVIterator> merged(std::unique_ptr<KVIterator> base, const Changes& changes,
                                            std::span<const std::optional<uint64_t>> orders,
                                            const ScanOptions& options);

  // A number for insertion_order() of a key that stands at the end.
  static uint64_t order_at_end(uint64_t place) { return (uint64_t{1} << 62) + place; }

 private:
  std::map<std::string, Changes, std::less<>> collections_;
  uint64_t next_place_ = 0;
  size_t bytes_ = 0;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_TRANSACTION_STAGED_CHANGES_H_
