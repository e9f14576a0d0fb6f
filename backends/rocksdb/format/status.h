#ifndef QUIPU_BACKENDS_ROCKSDB_FORMAT_STATUS_H_
#define QUIPU_BACKENDS_ROCKSDB_FORMAT_STATUS_H_

#include <rocksdb/status.h>

#include <string_view>

#include "quipu/status.h"

namespace quipu::rocks {

// RocksDB's status as ours; its text is kept behind "context: ".
Status from_rocksdb(const rocksdb::Status& status, std::string_view context);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FORMAT_STATUS_H_
