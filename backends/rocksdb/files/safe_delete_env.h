// SafeDeleteFiles: a file system that deletes no table while it is not known whether the MANIFEST names it.
//
// When the MANIFEST cannot be written, what it says on disk is unknown until another one takes its place.
// RocksDB 7.8.3 then deletes the tables that it was about to ingest; if the MANIFEST names them after all,
// the database does not open any more. Tables that nothing names are removed by the next open.

#ifndef QUIPU_BACKENDS_ROCKSDB_FILES_SAFE_DELETE_ENV_H_
#define QUIPU_BACKENDS_ROCKSDB_FILES_SAFE_DELETE_ENV_H_

#include <rocksdb/env.h>

#include <memory>

namespace quipu::rocks {

// An Env with the files of `env`, which must outlive it.
std::unique_ptr<rocksdb::Env> with_safe_delete(rocksdb::Env& env);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FILES_SAFE_DELETE_ENV_H_
