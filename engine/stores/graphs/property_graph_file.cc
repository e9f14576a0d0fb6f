// KVPropertyGraphStore as a file, and SimplePropertyGraphStore.

#include "engine/json/unicode_json.h"
#include "engine/json_file/json_file.h"
#include "engine/stores/saved_dict.h"
#include "quipu/memory_kv_store.h"
#include "quipu/property_graph_store.h"

namespace quipu {

Status KVPropertyGraphStore::persist(const std::string& persist_path, const FileSystem& fs) const {
  QUIPU_ASSIGN_OR_RETURN(const Json dict, to_dict());
  std::string text;
  QUIPU_RETURN_IF_ERROR(append_pydantic_json(dict, text));
  return write_text_file(persist_path, text, fs);
}

SimplePropertyGraphStore::SimplePropertyGraphStore()
    : KVPropertyGraphStore(std::make_shared<MemoryKVStore>()) {}

Result<SimplePropertyGraphStore> SimplePropertyGraphStore::from_persist_dir(const std::string& persist_dir,
                                                                            const FileSystem& fs) {
  return from_persist_path(path_in(persist_dir, PG_STORE_PERSIST_FNAME), fs);
}

Result<SimplePropertyGraphStore> SimplePropertyGraphStore::from_persist_path(const std::string& persist_path,
                                                                             const FileSystem& fs) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> saved, read_json_file(persist_path, fs));
  if (!saved) return Status::not_found("[Errno 2] No such file or directory: '" + persist_path + "'");
  return from_saved_dict<SimplePropertyGraphStore>(persist_path, *saved);
}

Result<SimplePropertyGraphStore> SimplePropertyGraphStore::from_dict(JsonView save_dict) {
  SimplePropertyGraphStore store;
  QUIPU_RETURN_IF_ERROR(store.load(save_dict));
  return store;
}

}  // namespace quipu
