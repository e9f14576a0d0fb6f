// What RocksDB sees of PinnedFiles: a file system that holds them and nothing else, and refuses every change.

#ifndef QUIPU_BACKENDS_ROCKSDB_FILES_PINNED_FILE_SYSTEM_H_
#define QUIPU_BACKENDS_ROCKSDB_FILES_PINNED_FILE_SYSTEM_H_

#include <rocksdb/env.h>

#include <memory>

#include "backends/rocksdb/files/pinned_files.h"

namespace quipu::rocks {

std::unique_ptr<rocksdb::Env> make_pinned_env(std::shared_ptr<const PinnedFiles> files);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FILES_PINNED_FILE_SYSTEM_H_
