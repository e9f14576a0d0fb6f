// MemoryKVStore: the reference's SimpleKVStore. All in memory, saved as one JSON file.
//
//   QUIPU_ASSIGN_OR_RETURN(auto store, MemoryKVStore::from_persist_path("storage/docstore.json"));
//
// Thread-safety and cost: see MutableMappingKVStore.

#ifndef QUIPU_MEMORY_KV_STORE_H_
#define QUIPU_MEMORY_KV_STORE_H_

#include <memory>
#include <string>

#include "quipu/file_system.h"
#include "quipu/mutable_mapping_kv_store.h"

namespace quipu {

class MemoryKVStore : public MutableMappingKVStore<OrderedMap<Json>> {
 public:
  MemoryKVStore();
  ~MemoryKVStore() override { finish_async_calls(); }

  // Writes all collections to one file in json.dumps's form; makes its directory when missing. The file is
  // replaced atomically. Error: kIoError.
  Status persist(const std::string& persist_path, const FileSystem& fs = local_file_system()) const;
  // Reads such a file. Errors: kIoError, kInvalidArgument (not JSON, or not {collection: {key: object}}).
  static Result<std::shared_ptr<MemoryKVStore>> from_persist_path(const std::string& persist_path,
                                                                  const FileSystem& fs = local_file_system());

  // All collections as one object, {collection: {key: value}}.
  Json to_dict() const;
  static Result<std::shared_ptr<MemoryKVStore>> from_dict(JsonView save_dict);
};

}  // namespace quipu

#endif  // QUIPU_MEMORY_KV_STORE_H_
