#include "quipu/rocksdb_kv_store.h"
#include "quipu/storage_context.h"

namespace quipu {

Result<StorageContext> StorageContext::open(const std::string& directory, const RocksDBOptions& options) {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<RocksDBKVStore> kvstore, RocksDBKVStore::open(directory, options));
  return over(std::move(kvstore));
}

}  // namespace quipu
