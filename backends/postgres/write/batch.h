// FinalBatch: what a batch of operations comes to: of each key what is to be there in the end, table by
// table, in the order in which new ones are to come.
//
// Thread-safety: as a standard container. Lifetime: views what the operations view.

#ifndef QUIPU_BACKENDS_POSTGRES_WRITE_BATCH_H_
#define QUIPU_BACKENDS_POSTGRES_WRITE_BATCH_H_

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "backends/postgres/database/tables.h"
#include "quipu/backend/key_locks.h"
#include "quipu/status.h"
#include "quipu/write_batch.h"

namespace quipu::postgres {

class FinalBatch {
 public:
  // `ops`: puts and deletions (PlainBatch). Errors: kInvalidArgument for a value that is no object, and for a
  // key or a collection's name that PostgreSQL's text cannot hold, unless it is deleted.
  static Result<FinalBatch> of(std::span<const WriteOp> ops);

  struct Rows {
    std::vector<std::string_view> collections;
    std::vector<std::string_view> keys;
    std::vector<std::string_view> values;  // of puts
    size_t size() const { return keys.size(); }
    void add(std::string_view collection, std::string_view key, std::string_view value) {
      collections.push_back(collection);
      keys.push_back(key);
      values.push_back(value);
    }
  };
  struct Part {
    Rows erased;  // what goes, to come back at the end or not at all
    Rows put;
  };
  const Part& part(size_t table) const { return parts_[table]; }
  // Each once, sorted; those that only lack what is deleted included.
  const std::vector<std::string_view>& collections() const { return collections_; }
  const std::vector<std::string_view>& put_collections() const { return put_collections_; }
  const LockSet& keys() const { return keys_; }
  bool empty() const { return collections_.empty(); }

 private:
  std::array<Part, kDataTables> parts_;
  std::vector<std::string_view> collections_;
  std::vector<std::string_view> put_collections_;  // in the order of their first puts
  LockSet keys_;
};

// What is wrong with a key or the name of a collection, if it cannot be stored.
Status check_names(std::string_view collection, std::string_view key);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_WRITE_BATCH_H_
