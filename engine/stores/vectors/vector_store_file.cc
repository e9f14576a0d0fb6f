// KVVectorStore as one JSON text, and SimpleVectorStore.

#include <algorithm>
#include <utility>

#include "engine/json_file/json_file.h"
#include "engine/kv/consistent_view.h"
#include "engine/layout/entity_vectors.h"
#include "engine/layout/persist_file_name.h"
#include "engine/layout/storage_layout.h"
#include "engine/stores/saved_dict.h"
#include "quipu/memory_kv_store.h"
#include "quipu/vector_store.h"

namespace quipu {

namespace {

Status append_part(const KVReader& state, const VectorPart& part, const std::string& collection,
                   bool entities, std::string& text) {
  const auto scan = [&](const UseEntry& use) -> Status {
    ScanOptions in_order;
    in_order.order = ScanOptions::Order::kInsertion;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, state.scan(in_order, collection));
    while (it->next()) QUIPU_RETURN_IF_ERROR(use(it->key(), it->val()));
    return it->status();
  };
  bool first = true;
  text += text.empty() ? "{\"" : ", \"";
  text += part.name;
  text += "\": {";
  QUIPU_RETURN_IF_ERROR(
      for_each_of_part(state, part, collection, entities, scan, [&](std::string_view key, JsonView value) {
        text += std::exchange(first, false) ? "" : ", ";
        append_json_string(key, text);
        text += ": ";
        text += value.text();
        return Status::ok();
      }));
  text += '}';
  return Status::ok();
}

// The three dicts; with the property graph's entities, where the file has them.
Result<Json> dict_of(const BaseKVStore& store, const std::string& ns, bool as_file) {
  const VectorCollections collections(ns);
  std::string text;
  QUIPU_RETURN_IF_ERROR(read_consistent_view(store, [&](const KVReader& state) -> Status {
    bool entities = false;
    if (as_file) {
      QUIPU_ASSIGN_OR_RETURN(entities, file_has_entities(state, vector_store_file(ns)));
    }
    QUIPU_RETURN_IF_ERROR(append_part(state, kEmbeddingsPart, collections.embeddings, entities, text));
    QUIPU_RETURN_IF_ERROR(append_part(state, kRefDocIdsPart, collections.ref_doc_ids, entities, text));
    QUIPU_ASSIGN_OR_RETURN(const bool is_null, state.exists(kMetadataDict, collections.state));
    if (!is_null || entities) return append_part(state, kMetadataPart, collections.metadata, entities, text);
    text += ", \"metadata_dict\": null";
    return Status::ok();
  }));
  return Json::from_canonical(text + "}");
}

}  // namespace

Result<Json> KVVectorStore::to_dict() const { return dict_of(kvstore(), name_space(), false); }

Status KVVectorStore::persist(const std::string& persist_path, const FileSystem& fs) const {
  QUIPU_ASSIGN_OR_RETURN(const Json dict, dict_of(kvstore(), name_space(), true));
  return write_text_file(persist_path, dict.text(), fs);
}

SimpleVectorStore::SimpleVectorStore() : KVVectorStore(std::make_shared<MemoryKVStore>()) {}

Result<SimpleVectorStore> SimpleVectorStore::from_persist_dir(const std::string& persist_dir,
                                                              std::string_view ns, const FileSystem& fs) {
  return from_persist_path(path_in(persist_dir, vector_store_file(ns)), fs);
}

Result<SimpleVectorStore> SimpleVectorStore::from_persist_path(const std::string& persist_path,
                                                               const FileSystem& fs) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> saved, read_json_file(persist_path, fs));
  if (!saved) {
    return Status::not_found("No existing llama_index.core.vector_stores.simple found at " + persist_path +
                             ", skipping load.");
  }
  return from_saved_dict<SimpleVectorStore>(persist_path, *saved);
}

Result<SimpleVectorStore> SimpleVectorStore::from_dict(JsonView save_dict) {
  SimpleVectorStore store;
  QUIPU_RETURN_IF_ERROR(store.load(save_dict));
  return store;
}

Result<std::vector<std::pair<std::string, std::shared_ptr<SimpleVectorStore>>>>
SimpleVectorStore::from_namespaced_persist_dir(const std::string& persist_dir, const FileSystem& fs) {
  const Result<std::vector<std::string>> listed = fs.list(persist_dir);
  std::vector<std::string> names;
  if (listed) {
    std::ranges::copy_if(*listed, std::back_inserter(names),
                         [](const std::string& name) { return name.ends_with(VECTOR_STORE_PERSIST_FNAME); });
  }
  std::vector<std::pair<std::string, std::shared_ptr<SimpleVectorStore>>> stores;
  const auto load = [&](const std::string& ns) -> Status {
    QUIPU_ASSIGN_OR_RETURN(SimpleVectorStore store, from_persist_dir(persist_dir, ns, fs));
    std::erase_if(stores, [&](const auto& known) { return known.first == ns; });
    stores.emplace_back(ns, std::make_shared<SimpleVectorStore>(std::move(store)));
    return Status::ok();
  };
  if (!listed) QUIPU_RETURN_IF_ERROR(load(std::string(DEFAULT_VECTOR_STORE)));  // which says what is wrong
  for (const std::string& name : names) {
    const std::string ns = name.substr(0, name.find(NAMESPACE_SEP));
    const Status loaded = load(ns == VECTOR_STORE_PERSIST_FNAME ? std::string(DEFAULT_VECTOR_STORE) : ns);
    if (loaded.is_ok()) continue;
    // A name that the reference cannot read back: it then tries the default store alone. A file that is
    // damaged is an error here, while the reference goes on without it.
    if (loaded.code() != StatusCode::kNotFound) return loaded;
    QUIPU_RETURN_IF_ERROR(load(std::string(DEFAULT_VECTOR_STORE)));
    break;
  }
  return stores;
}

}  // namespace quipu
