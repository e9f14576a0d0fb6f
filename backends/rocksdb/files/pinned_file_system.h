// What RocksDB sees of FrozenFiles: a file system that holds them and nothing else, and refuses every change.

#ifndef QUIPU_BACKENDS_ROCKSDB_FILES_PINNED_FILE_SYSTEM_H_
#define QUIPU_BACKENDS_ROCKSDB_FILES_PINNED_FILE_SYSTEM_H_

#include <rocksdb/env.h>

#include <memory>

#include "backends/rocksdb/files/pinned_files.h"

namespace quipu::rocks {

std::unique_ptr<rocksdb::Env> make_frozen_env(std::shared_ptr<const FrozenFiles> files);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FILES_PINNED_FILE_SYSTEM_H_
