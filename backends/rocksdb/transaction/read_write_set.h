// ReadWriteSet: what a transaction has read and written: keys, values of indexed fields, whole collections.

#ifndef QUIPU_BACKENDS_ROCKSDB_TRANSACTION_READ_WRITE_SET_H_
#define QUIPU_BACKENDS_ROCKSDB_TRANSACTION_READ_WRITE_SET_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "backends/rocksdb/database/conflict_table.h"
#include "quipu/status.h"

namespace quipu::rocks {

class ReadWriteSet {
 public:
  struct Part {
    std::unordered_set<std::string> keys;     // read or written
    std::unordered_set<std::string> values;   // asked for in the index
    std::unordered_set<std::string> written;  // of the keys
    bool whole = false;                       // all was read, or what does not depend on single keys
  };

  void read_key(std::string_view collection, std::string_view key) { part(collection).keys.emplace(key); }
  void read_value(std::string_view collection, std::string_view value) {
    part(collection).values.emplace(value);
  }
  void read_all(std::string_view collection) { part(collection).whole = true; }
  void write_key(std::string_view collection, std::string_view key) {
    part(collection).keys.emplace(key);
    part(collection).written.emplace(key);
  }

  const std::map<std::string, Part, std::less<>>& parts() const { return parts_; }
  // kBusy naming what has been changed by others since `transaction` began, if anything has.
  Status check(const ConflictTable& conflicts, uint64_t transaction) const;

 private:
  Part& part(std::string_view collection);

  std::map<std::string, Part, std::less<>> parts_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_TRANSACTION_READ_WRITE_SET_H_
