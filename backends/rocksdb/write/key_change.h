// KeyChange: a key that a batch touches: what is stored under it, and what will be.

#ifndef QUIPU_BACKENDS_ROCKSDB_WRITE_KEY_CHANGE_H_
#define QUIPU_BACKENDS_ROCKSDB_WRITE_KEY_CHANGE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "backends/rocksdb/database/database.h"

namespace quipu::rocks {

class IndexedKey;

struct KeyChange {
  const Collection* collection = nullptr;
  size_t target = 0;  // the collection's place among those of the batch
  std::string_view user_key;
  std::string_view full_key;  // in the collection's family
  bool existed = false;
  bool exists = false;
  bool changed = false;
  bool is_read = false;   // an operation has to do with the record, and not with entries alone
  bool inserted = false;  // by this batch: sequence is the place among its insertions
  uint64_t sequence = 0;
  std::string_view body;          // of the record that is written (format/record.h)
  IndexedKey* indexes = nullptr;  // what the indexes know of it, one after the other
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_WRITE_KEY_CHANGE_H_
