#include "engine/persist/storage_files.h"

#include <algorithm>
#include <string_view>

#include "engine/checks/index_references.h"
#include "engine/layout/persist_file_name.h"
#include "engine/layout/storage_layout.h"
#include "quipu/chat_store.h"
#include "quipu/graph_store.h"
#include "quipu/index_store.h"
#include "quipu/persist_dir.h"

namespace quipu {
namespace {

constexpr std::string_view kDefaultFiles[] = {"default__vector_store.json", "image__vector_store.json",
                                              DOCSTORE_PERSIST_FNAME, INDEX_STORE_PERSIST_FNAME,
                                              GRAPH_STORE_PERSIST_FNAME};

using Files = std::vector<std::string>;

bool has(const Files& files, std::string_view name) { return std::ranges::find(files, name) != files.end(); }

void add(Files& files, std::string_view name) {
  if (!has(files, name)) files.emplace_back(name);
}

// The result, or nothing where the store cannot tell.
template <class T>
Result<std::vector<T>> if_supported(Result<std::vector<T>> found) {
  if (!found && found.error().code() == StatusCode::kNotSupported) return std::vector<T>();
  return found;
}

// What is known of a store.
struct Known {
  Files declared;
  Files persisted;
  std::vector<CollectionInfo> collections;
};

Result<Known> known_of(const KVReader& store) {
  Known known;
  QUIPU_ASSIGN_OR_RETURN(known.declared, store.declared_files());
  QUIPU_ASSIGN_OR_RETURN(known.persisted, if_supported(store.persist_files()));
  QUIPU_ASSIGN_OR_RETURN(known.collections, if_supported(store.collections()));
  return known;
}

// True where `index` names vectors, and none of the namespaces has one of them.
Result<bool> has_vectors_elsewhere(const KVReader& store, const IndexStruct& index,
                                   const std::vector<std::string>& namespaces) {
  bool elsewhere = false;
  QUIPU_RETURN_IF_ERROR(
      for_each_reference(index, Referent::kVector, [&](const std::string& id) -> Result<bool> {
        elsewhere = true;
        for (const std::string& ns : namespaces) {
          QUIPU_ASSIGN_OR_RETURN(const bool here, store.exists(id, VectorCollections(ns).embeddings));
          if (here) elsewhere = false;
        }
        return elsewhere;
      }));
  return elsewhere;
}

// True where an index struct needs a vector store that is not here.
Result<bool> needs_vectors_from_elsewhere(const KVReader& store, Files files) {
  if (has(files, kDefaultFiles[0])) return false;
  for (const std::string_view file : kDefaultFiles) add(files, file);
  std::vector<std::string> namespaces;
  for (const std::string& file : files) {
    if (const auto ns = vector_store_namespace(file)) namespaces.push_back(*ns);
  }
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it,
                         store.scan({}, collection_of(kIndexStoreNamespace, kDataEnding)));
  while (it->next()) {
    // Contexts ask when they are opened: large structs of other types are not parsed for it.
    const std::optional<JsonView> type = it->val().find("__type__");
    if (!type || !type->is_string() || !has_references(type->string(), Referent::kVector)) continue;
    const Result<IndexStruct> index =
        IndexStruct::from_json(Json::from_canonical(std::string(it->val().text())));
    if (!index) continue;
    QUIPU_ASSIGN_OR_RETURN(const bool elsewhere, has_vectors_elsewhere(store, *index, namespaces));
    if (elsewhere) return true;
  }
  QUIPU_RETURN_IF_ERROR(it->status());
  return false;
}

// A store that was never a storage's: what is in it is key-value data, or chats.
bool is_plain(const Known& known) {
  return !known.collections.empty() && std::ranges::all_of(known.collections, [](const CollectionInfo& info) {
    return info.persist_file.empty() || info.persist_file == CHAT_STORE_PERSIST_FNAME;
  });
}

}  // namespace

Result<StorageFiles> storage_files(const KVReader& store) {
  QUIPU_ASSIGN_OR_RETURN(const Known known, known_of(store));
  StorageFiles files{known.persisted, known.persisted};
  if (has(known.declared, INDEX_STORE_PERSIST_FNAME)) return files;
  if (known.declared.empty()) {
    QUIPU_ASSIGN_OR_RETURN(const bool elsewhere, needs_vectors_from_elsewhere(store, known.persisted));
    if (elsewhere) {
      // The reference loads no storage without these two.
      for (const std::string_view file : {DOCSTORE_PERSIST_FNAME, INDEX_STORE_PERSIST_FNAME}) {
        add(files.exported, file);
      }
      return files;
    }
  }
  // Files that are no whole storage, as a pipeline's, are that only once an index has been added.
  const bool exported =
      known.declared.empty() ? !is_plain(known) : has(known.persisted, INDEX_STORE_PERSIST_FNAME);
  files.of_context.assign(std::begin(kDefaultFiles), std::end(kDefaultFiles));
  for (const std::string& file : known.persisted) add(files.of_context, file);
  if (exported) {
    for (const std::string_view file : kDefaultFiles) add(files.exported, file);
  }
  return files;
}

Result<std::vector<std::string>> files_before_merge(const KVReader& store) {
  QUIPU_ASSIGN_OR_RETURN(const Known known, known_of(store));
  if (known.collections.empty()) return Files();
  QUIPU_ASSIGN_OR_RETURN(StorageFiles files, storage_files(store));
  std::erase_if(files.exported, [&](const std::string& file) { return has(known.persisted, file); });
  return files.exported;
}

}  // namespace quipu
