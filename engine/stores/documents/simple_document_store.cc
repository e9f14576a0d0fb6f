#include "quipu/document_store.h"

#include "quipu/persist_dir.h"

namespace quipu {

SimpleDocumentStore::SimpleDocumentStore(std::shared_ptr<MemoryKVStore> simple_kvstore,
                                         DocumentStoreOptions options)
    : SimpleDocumentStore(
          Made{simple_kvstore ? std::move(simple_kvstore) : std::make_shared<MemoryKVStore>()},
          std::move(options)) {}

Result<SimpleDocumentStore> SimpleDocumentStore::from_persist_dir(const std::string& persist_dir,
                                                                  DocumentStoreOptions options,
                                                                  const FileSystem& fs) {
  return from_persist_path(path_in(persist_dir, DOCSTORE_PERSIST_FNAME), std::move(options), fs);
}

Result<SimpleDocumentStore> SimpleDocumentStore::from_persist_path(const std::string& persist_path,
                                                                   DocumentStoreOptions options,
                                                                   const FileSystem& fs) {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<MemoryKVStore> kv,
                         MemoryKVStore::from_persist_path(persist_path, fs));
  return SimpleDocumentStore(std::move(kv), std::move(options));
}

Result<SimpleDocumentStore> SimpleDocumentStore::from_dict(JsonView save_dict, DocumentStoreOptions options) {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<MemoryKVStore> kv, MemoryKVStore::from_dict(save_dict));
  return SimpleDocumentStore(std::move(kv), std::move(options));
}

}  // namespace quipu
