// ReadWriteSet: what a transaction has read and written: keys, values of indexed fields, whole collections.

#ifndef QUIPU_BACKENDS_ROCKSDB_TRANSACTION_READ_WRITE_SET_H_
#define QUIPU_BACKENDS_ROCKSDB_TRANSACTION_READ_WRITE_SET_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "backends/rocksdb/database/conflict_table.h"
#include "quipu/status.h"

namespace quipu::rocks {

class ReadWriteSet {
 public:
  // For look-ups by a view of a key.
  struct KeyHash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  };
  struct Part {
    std::unordered_map<std::string, bool, KeyHash, std::equal_to<>> keys;  // used -> written, not only read
    std::unordered_set<std::string> values;                                // asked for in the index
    bool any_written = false;                                              // of the keys
    bool whole = false;  // all was read, or what does not depend on single keys
  };

  void read_key(std::string_view collection, std::string_view key) { note(collection, key, false); }
  void read_value(std::string_view collection, std::string_view value) {
    part(collection).values.emplace(value);
  }
  void read_all(std::string_view collection) { part(collection).whole = true; }
  void write_key(std::string_view collection, std::string_view key) { note(collection, key, true); }

  const std::map<std::string, Part, std::less<>>& parts() const { return parts_; }
  // kBusy naming what has been changed by others since `transaction` began, if anything has.
  Status check(const ConflictTable& conflicts, uint64_t transaction) const;

 private:
  void note(std::string_view collection, std::string_view key, bool written);
  Part& part(std::string_view collection);

  std::map<std::string, Part, std::less<>> parts_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_TRANSACTION_READ_WRITE_SET_H_
