// EnvStore: a store whose RocksDB files are behind another rocksdb::Env than the disk. Tests give one
// that fails; RocksDBKVStore::open is this with RocksDB's own.

#ifndef QUIPU_BACKENDS_ROCKSDB_ENV_STORE_H_
#define QUIPU_BACKENDS_ROCKSDB_ENV_STORE_H_

#include <rocksdb/env.h>

#include <memory>
#include <string>

#include "quipu/rocksdb_kv_store.h"

namespace quipu::rocks {

struct EnvStore {
  // As RocksDBKVStore::open. `env` must outlive the store. QUIPU, LOCK, SESSION and the runs of sorts are
  // files of the disk all the same.
  static Result<std::shared_ptr<RocksDBKVStore>> open(const std::string& directory,
                                                      const RocksDBOptions& options, rocksdb::Env* env);
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_ENV_STORE_H_
