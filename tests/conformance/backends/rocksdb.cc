// RocksDB, with a search index in memory and, streamed, without one.

#include "quipu/rocksdb_kv_store.h"

#include "tests/conformance/conformance.h"

namespace quipu::testing {
namespace {

template <uint64_t kSearchMemoryBytes>
Result<std::shared_ptr<RocksDBKVStore>> open(const std::string& directory) {
  RocksDBOptions options;
  options.search_memory_bytes = kSearchMemoryBytes;
  return RocksDBKVStore::open(directory + "/db", options);
}

template <uint64_t kSearchMemoryBytes>
Result<std::shared_ptr<RocksDBKVStore>> reopen(const std::shared_ptr<BaseKVStore>& store,
                                               const std::string& directory) {
  QUIPU_RETURN_IF_ERROR(static_cast<RocksDBKVStore&>(*store).close());
  return open<kSearchMemoryBytes>(directory);
}

constexpr uint64_t kDefault = uint64_t{1} << 30;

QUIPU_CONFORMANCE(RocksDB, open<kDefault>, reopen<kDefault>);
QUIPU_CONFORMANCE(Streamed, open<0>, reopen<0>);

}  // namespace
}  // namespace quipu::testing
