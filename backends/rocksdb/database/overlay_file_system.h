// A file system over another, which stays as it is: what is written, renamed or removed is so in memory
// alone.

#ifndef QUIPU_BACKENDS_ROCKSDB_DATABASE_OVERLAY_FILE_SYSTEM_H_
#define QUIPU_BACKENDS_ROCKSDB_DATABASE_OVERLAY_FILE_SYSTEM_H_

#include <rocksdb/env.h>

#include <memory>

namespace quipu::rocks {

// For a database that RocksDB opens for writing. `below` is used as long as the result.
std::unique_ptr<rocksdb::Env> make_overlay_env(const rocksdb::Env& below);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_DATABASE_OVERLAY_FILE_SYSTEM_H_
