// Memory, taken down and up by way of its JSON file.

#include "quipu/memory_kv_store.h"

#include "tests/conformance/conformance.h"

namespace quipu::testing {
namespace {

Result<std::shared_ptr<MemoryKVStore>> reload(const std::shared_ptr<BaseKVStore>& store,
                                              const std::string& directory) {
  const std::string path = directory + "/store.json";
  QUIPU_RETURN_IF_ERROR(static_cast<const MemoryKVStore&>(*store).persist(path));
  return MemoryKVStore::from_persist_path(path);
}

QUIPU_CONFORMANCE(
    Memory, [] { return std::make_shared<MemoryKVStore>(); }, reload);

}  // namespace
}  // namespace quipu::testing
