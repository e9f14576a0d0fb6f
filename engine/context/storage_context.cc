#include "quipu/storage_context.h"

#include <algorithm>

#include "engine/layout/persist_file_name.h"
#include "engine/persist/export_files.h"
#include "engine/persist/storage_files.h"
#include "quipu/document_store.h"
#include "quipu/persist_dir.h"
#include "quipu/postgres_vector_store.h"

namespace quipu {
namespace {

// The reference opens the file, and Python says so when it is not there.
Status check_there(const std::string& directory, std::string_view name, const FileSystem& fs) {
  const std::string path = path_in(directory, name);
  const Result<std::optional<uint64_t>> size = fs.file_size(path);
  if (!size || *size) return Status::ok();  // reading it reports what is wrong with it
  return Status::not_found("[Errno 2] No such file or directory: '" + path + "'");
}

template <class Store>
Result<std::shared_ptr<Store>> shared(Result<Store> store) {
  if (!store) return store.error();
  return std::make_shared<Store>(*std::move(store));
}

void set_vector_store(VectorStores& stores, std::string_view ns, std::shared_ptr<VectorStore> store) {
  for (auto& [known, place] : stores) {
    if (known != ns) continue;
    place = std::move(store);
    return;
  }
  stores.emplace_back(ns, std::move(store));
}

std::string vector_file(std::string_view ns, const PersistNames& names) {
  return std::string(ns) + std::string(NAMESPACE_SEP) + names.vector_store_fname;
}

// The name that `names` gives a persist file.
std::string name_of(const std::string& file, const PersistNames& names) {
  if (file == DOCSTORE_PERSIST_FNAME) return names.docstore_fname;
  if (file == INDEX_STORE_PERSIST_FNAME) return names.index_store_fname;
  if (file == GRAPH_STORE_PERSIST_FNAME) return names.graph_store_fname;
  if (file == PG_STORE_PERSIST_FNAME) return names.pg_graph_store_fname;
  const std::optional<std::string> ns = vector_store_namespace(file);
  return ns ? vector_file(*ns, names) : file;
}

// This store over `other`, where it is one over `own`; else null.
std::shared_ptr<VectorStore> moved(const VectorStore& store, const BaseKVStore* own,
                                   const std::shared_ptr<BaseKVStore>& other) {
  const auto* const vectors = dynamic_cast<const KVVectorStore*>(&store);
  if (vectors != nullptr && &vectors->kvstore() == own)
    return std::make_shared<KVVectorStore>(other, vectors->name_space());
  const auto* const table = dynamic_cast<const PostgresVectorStore*>(&store);
  if (table != nullptr && &table->kvstore() == own)
    return std::make_shared<PostgresVectorStore>(other, table->options());
  return nullptr;
}

}  // namespace

Result<StorageContext> StorageContext::from_defaults(const StorageContextParts& parts) {
  StorageContext context;
  context.docstore_ = parts.docstore;
  context.index_store_ = parts.index_store;
  context.graph_store_ = parts.graph_store;
  context.property_graph_store_ = parts.property_graph_store;
  if (parts.vector_store) {
    context.vector_stores_ = {{std::string(DEFAULT_VECTOR_STORE), parts.vector_store}};
  } else {
    context.vector_stores_ = parts.vector_stores;
  }
  std::shared_ptr<VectorStore> image_store = parts.image_store;
  if (parts.persist_dir) {
    const std::string& directory = *parts.persist_dir;
    const FileSystem& fs = *parts.fs;
    if (!context.docstore_) {
      QUIPU_RETURN_IF_ERROR(check_there(directory, DOCSTORE_PERSIST_FNAME, fs));
      QUIPU_ASSIGN_OR_RETURN(context.docstore_,
                             shared(SimpleDocumentStore::from_persist_dir(directory, {}, fs)));
    }
    if (!context.index_store_) {
      QUIPU_RETURN_IF_ERROR(check_there(directory, INDEX_STORE_PERSIST_FNAME, fs));
      QUIPU_ASSIGN_OR_RETURN(context.index_store_, shared(SimpleIndexStore::from_persist_dir(directory, fs)));
    }
    if (!context.graph_store_) {
      QUIPU_ASSIGN_OR_RETURN(context.graph_store_, shared(SimpleGraphStore::from_persist_dir(directory, fs)));
    }
    if (!context.property_graph_store_ && check_there(directory, PG_STORE_PERSIST_FNAME, fs).is_ok()) {
      QUIPU_ASSIGN_OR_RETURN(context.property_graph_store_,
                             shared(SimplePropertyGraphStore::from_persist_dir(directory, fs)));
    }
    if (context.vector_stores_.empty()) {
      QUIPU_ASSIGN_OR_RETURN(const auto stores,
                             SimpleVectorStore::from_namespaced_persist_dir(directory, fs));
      for (const auto& [ns, store] : stores) context.vector_stores_.emplace_back(ns, store);
    }
  } else {
    if (!context.docstore_) context.docstore_ = std::make_shared<SimpleDocumentStore>();
    if (!context.index_store_) context.index_store_ = std::make_shared<SimpleIndexStore>();
    if (!context.graph_store_) context.graph_store_ = std::make_shared<SimpleGraphStore>();
    if (context.vector_stores_.empty()) {
      context.vector_stores_ = {{std::string(DEFAULT_VECTOR_STORE), std::make_shared<SimpleVectorStore>()}};
    }
    if (!image_store) image_store = std::make_shared<SimpleVectorStore>();
  }
  if (image_store)
    set_vector_store(context.vector_stores_, IMAGE_VECTOR_STORE_NAMESPACE, std::move(image_store));
  return context;
}

// All stores but those of vectors.
StorageContext::StorageContext(const std::shared_ptr<BaseKVStore>& kvstore)
    : kvstore_(kvstore),
      docstore_(std::make_shared<KVDocumentStore>(kvstore)),
      index_store_(std::make_shared<KVIndexStore>(kvstore)),
      graph_store_(std::make_shared<KVGraphStore>(kvstore)),
      property_graph_store_(std::make_shared<KVPropertyGraphStore>(kvstore)) {}

Result<StorageContext> StorageContext::over(std::shared_ptr<BaseKVStore> kvstore) {
  StorageContext context(kvstore);
  QUIPU_ASSIGN_OR_RETURN(const StorageFiles files, storage_files(*kvstore));
  for (const std::string& file : files.of_context) {
    if (const std::optional<std::string> ns = vector_store_namespace(file)) {
      set_vector_store(context.vector_stores_, *ns, std::make_shared<KVVectorStore>(kvstore, *ns));
    }
  }
  return context;
}

Result<Transaction> StorageContext::begin() const {
  if (!kvstore_) return Status::not_supported("transactions need a context that is on one key-value store");
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<KVTransaction> transaction, kvstore_->begin());
  StorageContext context(transaction);
  for (const auto& [ns, store] : vector_stores_) {
    std::shared_ptr<VectorStore> own = moved(*store, kvstore_.get(), transaction);
    if (!own)
      return Status::not_supported("vector store " + ns + " is not on the key-value store of this context");
    context.vector_stores_.emplace_back(ns, std::move(own));
  }
  return Transaction(std::move(transaction), std::move(context));
}

Status StorageContext::persist(const std::string& persist_dir, const PersistNames& names,
                               const FileSystem& fs) const {
  const auto path = [&](const std::string& name) { return path_in(persist_dir, name); };
  for (const auto& [ns, store] : vector_stores_) {
    QUIPU_RETURN_IF_ERROR(check_file_name(vector_file(ns, names)));
  }
  if (kvstore_ && kvstore_->collections()) return persist_database(persist_dir, names, fs);
  QUIPU_RETURN_IF_ERROR(docstore_->persist(path(names.docstore_fname), fs));
  QUIPU_RETURN_IF_ERROR(index_store_->persist(path(names.index_store_fname), fs));
  QUIPU_RETURN_IF_ERROR(graph_store_->persist(path(names.graph_store_fname), fs));
  if (property_graph_store_)
    QUIPU_RETURN_IF_ERROR(property_graph_store_->persist(path(names.pg_graph_store_fname), fs));
  for (const auto& [ns, store] : vector_stores_) {
    QUIPU_RETURN_IF_ERROR(store->persist(path(vector_file(ns, names)), fs));
  }
  return Status::ok();
}

// What an export writes, and the vector stores that are not in the database.
Status StorageContext::persist_database(const std::string& persist_dir, const PersistNames& names,
                                        const FileSystem& fs) const {
  const ExportOptions over_what_is_there{.force = true, .fs = &fs};
  QUIPU_RETURN_IF_ERROR(
      export_files(*kvstore_, persist_dir, over_what_is_there, [&](const std::string& file) {
        return name_of(file, names);
      }).status());
  for (const auto& [ns, store] : vector_stores_) {
    const auto* const own = dynamic_cast<const KVVectorStore*>(store.get());
    if (own != nullptr && &own->kvstore() == kvstore_.get() && own->name_space() == ns) continue;
    QUIPU_RETURN_IF_ERROR(store->persist(path_in(persist_dir, vector_file(ns, names)), fs));
  }
  return Status::ok();
}

Result<Json> StorageContext::to_dict() const {
  const auto* const docstore = dynamic_cast<const SimpleDocumentStore*>(docstore_.get());
  const auto* const index_store = dynamic_cast<const SimpleIndexStore*>(index_store_.get());
  const auto* const graph_store = dynamic_cast<const SimpleGraphStore*>(graph_store_.get());
  const auto* const property_graph =
      dynamic_cast<const SimplePropertyGraphStore*>(property_graph_store_.get());
  std::string text = "{\"vector_store\": {";
  bool simple = docstore != nullptr && index_store != nullptr && graph_store != nullptr &&
                (property_graph != nullptr) == (property_graph_store_ != nullptr);
  for (const auto& [ns, store] : vector_stores_) {
    const auto* const vectors = dynamic_cast<const SimpleVectorStore*>(store.get());
    simple = simple && vectors != nullptr;
    if (!simple) break;
    QUIPU_ASSIGN_OR_RETURN(const Json dict, vectors->to_dict());
    if (text.back() != '{') text += ", ";
    append_json_string(ns, text);
    text += ": " + dict.text();
  }
  if (!simple) {
    return Status::invalid_argument("to_dict only available when using simple doc/index/vector stores");
  }
  QUIPU_ASSIGN_OR_RETURN(const Json graph, graph_store->to_dict());
  text += "}, \"doc_store\": " + docstore->to_dict().text() +
          ", \"index_store\": " + index_store->to_dict().text() + ", \"graph_store\": " + graph.text() +
          ", \"property_graph_store\": ";
  if (property_graph == nullptr) return Json::from_canonical(text + "null}");
  QUIPU_ASSIGN_OR_RETURN(const Json properties, property_graph->to_dict());
  return Json::from_canonical(text + properties.text() + "}");
}

Result<StorageContext> StorageContext::from_dict(JsonView save_dict) {
  const auto part = [&](std::string_view name) -> Result<JsonView> {
    const std::optional<JsonView> found = save_dict.find(name);
    if (!found) return Status::invalid_argument("KeyError: '" + std::string(name) + "'");
    return *found;
  };
  StorageContext context;
  QUIPU_ASSIGN_OR_RETURN(const JsonView docstore, part("doc_store"));
  QUIPU_ASSIGN_OR_RETURN(const JsonView index_store, part("index_store"));
  QUIPU_ASSIGN_OR_RETURN(const JsonView graph_store, part("graph_store"));
  QUIPU_ASSIGN_OR_RETURN(const JsonView property_graph, part("property_graph_store"));
  QUIPU_ASSIGN_OR_RETURN(const JsonView vector_stores, part("vector_store"));
  QUIPU_ASSIGN_OR_RETURN(context.docstore_, shared(SimpleDocumentStore::from_dict(docstore)));
  QUIPU_ASSIGN_OR_RETURN(context.index_store_, shared(SimpleIndexStore::from_dict(index_store)));
  QUIPU_ASSIGN_OR_RETURN(context.graph_store_, shared(SimpleGraphStore::from_dict(graph_store)));
  if (property_graph.truthy()) {
    QUIPU_ASSIGN_OR_RETURN(context.property_graph_store_,
                           shared(SimplePropertyGraphStore::from_dict(property_graph)));
  }
  if (!vector_stores.is_object())
    return Status::invalid_argument("AttributeError: \"vector_store\" is no object");
  for (const JsonMember& member : vector_stores.members()) {
    QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<VectorStore> store,
                           shared(SimpleVectorStore::from_dict(member.value)));
    context.vector_stores_.emplace_back(member.key(), std::move(store));
  }
  return context;
}

Result<std::shared_ptr<VectorStore>> StorageContext::vector_store() const {
  for (const auto& [ns, store] : vector_stores_) {
    if (ns == DEFAULT_VECTOR_STORE) return store;
  }
  return Status::not_found("KeyError: 'default'");
}

void StorageContext::add_vector_store(std::shared_ptr<VectorStore> vector_store, std::string_view ns) {
  set_vector_store(vector_stores_, ns, std::move(vector_store));
}

}  // namespace quipu
