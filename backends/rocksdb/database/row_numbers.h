// RowNumbers: gives out the numbers of rows of text indexes, each once, and knows which of them may still be
// written. A limit that is written ahead makes sure that a number is not given out again after a crash.

#ifndef QUIPU_BACKENDS_ROCKSDB_DATABASE_ROW_NUMBERS_H_
#define QUIPU_BACKENDS_ROCKSDB_DATABASE_ROW_NUMBERS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "quipu/backend/thread_annotations.h"
#include "quipu/status.h"

namespace quipu::rocks {

class Database;

class RowNumbers {
 public:
  explicit RowNumbers(Database& database) : database_(database) {}

  // Numbers that were given out; as long as this lives they are taken as not yet written. Must go before the
  // database.
  class Taken {
   public:
    Taken(RowNumbers& numbers, uint32_t index, uint32_t first)
        : first(first), numbers_(numbers), index_(index) {}
    ~Taken() { numbers_.give_back(*this); }
    Taken(const Taken&) = delete;
    Taken& operator=(const Taken&) = delete;

    const uint32_t first;

   private:
    friend class RowNumbers;
    RowNumbers& numbers_;
    const uint32_t index_;
  };

  // `count` numbers of an index. Errors: those of a write; kInvalidArgument where all numbers are used up.
  Result<std::shared_ptr<const Taken>> take(uint32_t index, uint32_t count);
  // No number below it will be written any more.
  uint32_t settled(uint32_t index) const;

  // The key of an index's limit in the family of text indexes.
  static std::string limit_key(uint32_t index);

 private:
  struct Index {
    bool read = false;
    uint32_t next = 0;
    uint32_t limit = 0;
    std::set<uint32_t> taken;
  };

  void give_back(const Taken& taken);
  Status raise(uint32_t index, uint32_t count, Index& numbers) QUIPU_REQUIRES(mutex_);

  Database& database_;
  mutable Mutex mutex_;
  std::map<uint32_t, Index> indexes_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_DATABASE_ROW_NUMBERS_H_
