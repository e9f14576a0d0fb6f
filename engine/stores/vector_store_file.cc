// KVVectorStore as one JSON text, and SimpleVectorStore.

#include <algorithm>
#include <boost/filesystem.hpp>

#include "engine/json/json_file.h"
#include "engine/stores/saved_dict.h"
#include "quipu/memory_kv_store.h"
#include "quipu/vector_store.h"

namespace quipu {
namespace {

namespace fs = boost::filesystem;

}  // namespace

Result<Json> KVVectorStore::to_dict() const {
  std::string text = "{\"embedding_dict\": ";
  QUIPU_RETURN_IF_ERROR(append_collection(*kvstore_, embeddings_, "embedding", text));
  text += ", \"text_id_to_ref_doc_id\": ";
  QUIPU_RETURN_IF_ERROR(append_collection(*kvstore_, ref_doc_ids_, "ref_doc_id", text));
  text += ", \"metadata_dict\": ";
  QUIPU_ASSIGN_OR_RETURN(const bool is_null, metadata_is_null());
  if (is_null) {
    text += "null";
  } else {
    QUIPU_RETURN_IF_ERROR(append_collection(*kvstore_, metadata_, "", text));
  }
  return Json::from_canonical(text + "}");
}

Status KVVectorStore::persist(const std::string& persist_path) const {
  QUIPU_ASSIGN_OR_RETURN(const Json dict, to_dict());
  return write_text_file(persist_path, dict.text());
}

SimpleVectorStore::SimpleVectorStore() : KVVectorStore(std::make_shared<MemoryKVStore>()) {}

Result<SimpleVectorStore> SimpleVectorStore::from_persist_dir(const std::string& persist_dir,
                                                              std::string_view ns) {
  const std::string name =
      std::string(ns) + std::string(NAMESPACE_SEP) + std::string(VECTOR_STORE_PERSIST_FNAME);
  return from_persist_path((fs::path(persist_dir) / name).string());
}

Result<SimpleVectorStore> SimpleVectorStore::from_persist_path(const std::string& persist_path) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> saved, read_json_file(persist_path));
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
SimpleVectorStore::from_namespaced_persist_dir(const std::string& persist_dir) {
  std::vector<std::string> names;
  boost::system::error_code error;
  for (fs::directory_iterator at(persist_dir, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.ends_with(VECTOR_STORE_PERSIST_FNAME)) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  std::vector<std::pair<std::string, std::shared_ptr<SimpleVectorStore>>> stores;
  const auto load = [&](const std::string& ns) -> Status {
    QUIPU_ASSIGN_OR_RETURN(SimpleVectorStore store, from_persist_dir(persist_dir, ns));
    std::erase_if(stores, [&](const auto& known) { return known.first == ns; });
    stores.emplace_back(ns, std::make_shared<SimpleVectorStore>(std::move(store)));
    return Status::ok();
  };
  if (error) QUIPU_RETURN_IF_ERROR(load(std::string(DEFAULT_VECTOR_STORE)));  // which says what is wrong
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
