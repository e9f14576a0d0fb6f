#ifndef QUIPU_BACKENDS_ROCKSDB_FORMAT_STATUS_H_
#define QUIPU_BACKENDS_ROCKSDB_FORMAT_STATUS_H_

#include <rocksdb/status.h>

#include <string_view>

#include "quipu/status.h"

namespace quipu::rocks {

// Whether it calls damage what could not be read: a file of a backup, of which RocksDB 10 and later say only
// in the text, by the number of the code, that reading failed.
bool is_failed_read_as_damage(const rocksdb::Status& status);

// RocksDB's status as ours; its text is kept behind "context: ".
Status from_rocksdb(const rocksdb::Status& status, std::string_view context);

// Of a read of one key: whether something is there. An error where that cannot be told, which is never taken
// for absence; `context` makes its text, and is called for an error only.
template <class Context>
Result<bool> is_found(const rocksdb::Status& status, const Context& context) {
  if (status.ok()) return true;
  if (status.IsNotFound()) return false;
  return from_rocksdb(status, context());
}
inline Result<bool> is_found(const rocksdb::Status& status, const char* context) {
  return is_found(status, [context] { return context; });
}

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FORMAT_STATUS_H_
