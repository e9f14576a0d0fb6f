// SimpleDocumentStore: the reference's class of that name. A document store in memory, saved as one JSON
// file.

#ifndef QUIPU_SIMPLE_DOCUMENT_STORE_H_
#define QUIPU_SIMPLE_DOCUMENT_STORE_H_

#include <memory>
#include <string>
#include <utility>

#include "quipu/document_store.h"
#include "quipu/memory_kv_store.h"

namespace quipu {

class SimpleDocumentStore : public KVDocumentStore {
 public:
  explicit SimpleDocumentStore(std::shared_ptr<MemoryKVStore> simple_kvstore = nullptr,
                               DocumentStoreOptions options = {});

  // Reads persist_dir/docstore.json, or any file. Errors: kIoError, kInvalidArgument.
  static Result<SimpleDocumentStore> from_persist_dir(const std::string& persist_dir = "./storage",
                                                      DocumentStoreOptions options = {},
                                                      const FileSystem& fs = local_file_system());
  static Result<SimpleDocumentStore> from_persist_path(const std::string& persist_path,
                                                       DocumentStoreOptions options = {},
                                                       const FileSystem& fs = local_file_system());
  static Result<SimpleDocumentStore> from_dict(JsonView save_dict, DocumentStoreOptions options = {});

  // All collections of the key-value store, as in the reference.
  Status persist(const std::string& persist_path = "./storage/docstore.json",
                 const FileSystem& fs = local_file_system()) const override {
    return simple_kvstore_->persist(persist_path, fs);
  }
  Json to_dict() const { return simple_kvstore_->to_dict(); }

 private:
  struct Made {
    std::shared_ptr<MemoryKVStore> kvstore;
  };
  SimpleDocumentStore(const Made& made, DocumentStoreOptions options)
      : KVDocumentStore(made.kvstore, std::move(options)), simple_kvstore_(made.kvstore) {}

  std::shared_ptr<MemoryKVStore> simple_kvstore_;
};

}  // namespace quipu

#endif  // QUIPU_SIMPLE_DOCUMENT_STORE_H_
