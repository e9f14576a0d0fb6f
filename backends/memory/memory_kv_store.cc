#include "quipu/memory_kv_store.h"

#include "quipu/bulk_load.h"
#include "quipu/persist_dir.h"

namespace quipu {

MemoryKVStore::MemoryKVStore() : MutableMappingKVStore([] { return OrderedMap<Json>(); }) {}

Status MemoryKVStore::persist(const std::string& persist_path, const FileSystem& fs) const {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVReader> state, snapshot());
  QUIPU_ASSIGN_OR_RETURN(std::vector<CollectionInfo> infos, state->collections());
  std::vector<std::string> names;
  for (CollectionInfo& info : infos) names.push_back(std::move(info.name));
  return export_persist_file(*state, persist_path, names, {}, fs).status();
}

Result<std::shared_ptr<MemoryKVStore>> MemoryKVStore::from_persist_path(const std::string& persist_path,
                                                                        const FileSystem& fs) {
  auto store = std::make_shared<MemoryKVStore>();
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<BulkLoad> load, store->bulk_load());
  QUIPU_RETURN_IF_ERROR(import_persist_file(persist_path, *load, {.fs = &fs}));
  QUIPU_RETURN_IF_ERROR(load->commit());
  return store;
}

Json MemoryKVStore::to_dict() const {
  std::string text = "{";
  const auto state = snapshot();
  const auto infos = (*state)->collections();
  for (const CollectionInfo& info : *infos) {
    if (text.size() > 1) text += ", ";
    append_json_string(info.name, text);
    text += ": {";
    bool first = true;
    const auto entries = (*state)->get_all(info.name);
    for (const KVEntry& entry : *entries) {
      if (!first) text += ", ";
      first = false;
      append_json_string(entry.key, text);
      text += ": " + entry.val.text();
    }
    text += "}";
  }
  return Json::from_canonical(std::move(text) + "}");
}

Result<std::shared_ptr<MemoryKVStore>> MemoryKVStore::from_dict(JsonView save_dict) {
  if (!save_dict.is_object())
    return Status::invalid_argument("a key-value store is a JSON object of collections");
  auto store = std::make_shared<MemoryKVStore>();
  for (const JsonMember& collection : save_dict.members()) {
    const std::string name = collection.key();
    if (!collection.value.is_object()) {
      return Status::invalid_argument("collection \"" + name + "\" is not a JSON object");
    }
    QUIPU_RETURN_IF_ERROR(store->declare_collection(name, {}));
    for (const JsonMember& member : collection.value.members()) {
      QUIPU_RETURN_IF_ERROR(store->put(member.key(), member.value, name));
    }
  }
  return store;
}

}  // namespace quipu
