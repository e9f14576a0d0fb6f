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

constexpr uint64_t kDefault = uint64_t{1} << 30;

QUIPU_CONFORMANCE(RocksDB, open<kDefault>);
QUIPU_CONFORMANCE(Streamed, open<0>);

}  // namespace
}  // namespace quipu::testing
