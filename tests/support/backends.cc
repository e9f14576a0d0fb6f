#include "tests/support/backends.h"

#include "quipu/memory_kv_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "tests/support/minimal_kv_store.h"

namespace quipu::testing {

std::string backend_name(const ::testing::TestParamInfo<Backend>& info) {
  switch (info.param) {
    case Backend::kMemory: return "Memory";
    case Backend::kRocksDB: return "RocksDB";
    case Backend::kMinimal: return "Minimal";
  }
  return "Unknown";
}

void BackendFixture::SetUp() {
  switch (GetParam()) {
    case Backend::kMemory: kv_ = std::make_shared<MemoryKVStore>(); break;
    case Backend::kMinimal: kv_ = std::make_shared<MinimalKVStore>(); break;
    case Backend::kRocksDB: {
      auto opened = RocksDBKVStore::open(directory_ / "db");
      ASSERT_TRUE(opened) << opened.error().to_string();
      kv_ = *opened;
    }
  }
}

void BackendFixture::reopen() {
  if (auto rocksdb = std::dynamic_pointer_cast<RocksDBKVStore>(kv_)) {
    kv_.reset();
    const Status closed = rocksdb->close();
    ASSERT_TRUE(closed.is_ok()) << closed.to_string();
    auto opened = RocksDBKVStore::open(directory_ / "db");
    ASSERT_TRUE(opened) << opened.error().to_string();
    kv_ = *opened;
  } else if (auto memory = std::dynamic_pointer_cast<MemoryKVStore>(kv_)) {
    const std::string path = directory_ / "store.json";
    const Status saved = memory->persist(path);
    ASSERT_TRUE(saved.is_ok()) << saved.to_string();
    auto loaded = MemoryKVStore::from_persist_path(path);
    ASSERT_TRUE(loaded) << loaded.error().to_string();
    kv_ = *loaded;
  }
}

}  // namespace quipu::testing
