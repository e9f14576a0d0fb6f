// StorageContext: all stores of one LlamaIndex storage, as the reference's class of that name.
//
//   auto context = StorageContext::open("./storage.quipu");   // everything in one RocksDB directory
//   context->docstore().add_documents(nodes);
//   context->persist("./storage");                            // LlamaIndex's JSON files
//   auto simple = StorageContext::from_defaults({.persist_dir = "./storage"});   // in memory, from such
//
// Thread-safety: that of the stores; add_vector_store must not run beside other calls.

#ifndef QUIPU_STORAGE_CONTEXT_H_
#define QUIPU_STORAGE_CONTEXT_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quipu/document_store.h"
#include "quipu/file_system.h"
#include "quipu/graph_store.h"
#include "quipu/index_store.h"
#include "quipu/kv_transaction.h"
#include "quipu/open_store.h"
#include "quipu/property_graph_store.h"
#include "quipu/vector_store.h"

namespace quipu {

inline constexpr std::string_view IMAGE_VECTOR_STORE_NAMESPACE = "image";

// Vector stores by namespace, in order.
using VectorStores = std::vector<std::pair<std::string, std::shared_ptr<VectorStore>>>;

// The arguments of from_defaults; what is not given is made, or loaded from persist_dir.
struct StorageContextParts {
  std::shared_ptr<BaseDocumentStore> docstore = nullptr;
  std::shared_ptr<BaseIndexStore> index_store = nullptr;
  std::shared_ptr<VectorStore> vector_store =
      nullptr;  // the default one; the others of vector_stores are dropped
  std::shared_ptr<VectorStore> image_store = nullptr;
  VectorStores vector_stores = {};
  std::shared_ptr<GraphStore> graph_store = nullptr;
  std::shared_ptr<PropertyGraphStore> property_graph_store = nullptr;
  std::optional<std::string> persist_dir = std::nullopt;
  const FileSystem* fs = &local_file_system();  // that persist_dir is of
};

struct PersistNames {
  std::string docstore_fname = "docstore.json";
  std::string index_store_fname = "index_store.json";
  std::string vector_store_fname = "vector_store.json";  // behind "<namespace>__"
  std::string graph_store_fname = "graph_store.json";
  std::string pg_graph_store_fname = "property_graph_store.json";
};

class Transaction;

class StorageContext {
 public:
  // The reference's from_defaults. From a directory: docstore.json and index_store.json must be there
  // (kNotFound
  // "[Errno 2] No such file or directory: ..."), a missing graph_store.json is an empty store, a missing
  // property_graph_store.json none. Without a directory an image store is always there. Errors: kIoError and
  // kInvalidArgument naming the file.
  static Result<StorageContext> from_defaults(const StorageContextParts& parts = {});

  // All stores over one key-value store. One that was made here has the default stores from the start, as
  // from_defaults() has them: vector stores "default" and "image", and the others that it holds. One that was
  // imported has the vector stores that were there: a default one that is kept elsewhere is not invented, and
  // vector_store() then fails as the reference does. A store that was filled without an import has the
  // default stores, unless one of its vector indexes has its vectors elsewhere.
  static Result<StorageContext> over(std::shared_ptr<BaseKVStore> kvstore);
  // The same over the store of an address: a directory's path, or any other (open_store.h). Errors: those of
  // open_store().
  static Result<StorageContext> open(const std::string& address, const OpenOptions& options = {});
  static Result<StorageContext> open(const std::string& address, const RocksDBOptions& options);

  // Writes every store's file, each of one moment; each is replaced atomically. Of over() and open(): the
  // files that export_persist_dir() writes, all of one moment, and the vector stores that were added from
  // elsewhere.
  Status persist(const std::string& persist_dir = "./storage", const PersistNames& names = {},
                 const FileSystem& fs = local_file_system()) const;

  // {"vector_store", "doc_store", "index_store", "graph_store", "property_graph_store"}. Errors:
  // kInvalidArgument "to_dict only available when using simple doc/index/vector stores".
  Result<Json> to_dict() const;
  static Result<StorageContext> from_dict(JsonView save_dict);

  BaseDocumentStore& docstore() const { return *docstore_; }
  BaseIndexStore& index_store() const { return *index_store_; }
  GraphStore& graph_store() const { return *graph_store_; }
  // Null when there is none.
  PropertyGraphStore* property_graph_store() const { return property_graph_store_.get(); }
  const VectorStores& vector_stores() const { return vector_stores_; }
  // The default one. Errors: kNotFound "KeyError: 'default'".
  Result<std::shared_ptr<VectorStore>> vector_store() const;
  void add_vector_store(std::shared_ptr<VectorStore> vector_store, std::string_view ns);

  // A transaction over all stores of over() or open(): all of what is done in it is there at its commit, or
  // nothing. Errors: kNotSupported where a store is not on this context's key-value store, or that one has no
  // transactions.
  Result<Transaction> begin() const;

  // The key-value store of over() and open(), else null.
  const std::shared_ptr<BaseKVStore>& kvstore() const { return kvstore_; }

 private:
  StorageContext() = default;
  explicit StorageContext(const std::shared_ptr<BaseKVStore>& kvstore);
  Status persist_database(const std::string& persist_dir, const PersistNames& names,
                          const FileSystem& fs) const;

  std::shared_ptr<BaseKVStore> kvstore_;
  std::shared_ptr<BaseDocumentStore> docstore_;
  std::shared_ptr<BaseIndexStore> index_store_;
  VectorStores vector_stores_;
  std::shared_ptr<GraphStore> graph_store_;
  std::shared_ptr<PropertyGraphStore> property_graph_store_;
};

// The stores of a context in a transaction. They see their own changes, and everything else as it was when
// the transaction began.
//
//   QUIPU_ASSIGN_OR_RETURN(Transaction txn, context.begin());
//   QUIPU_RETURN_IF_ERROR(txn->docstore().add_documents(nodes));
//   QUIPU_RETURN_IF_ERROR(txn->index_store().add_index_struct(index_struct));
//   Status done = txn.commit();   // kBusy: another writer was faster; begin again, read again, write again
//
// One that goes without commit() is rolled back. Isolation, conflicts, limits: kv_transaction.h. The first
// query of a vector store in a transaction makes a search index of its own.
// Thread-safety: one thread at a time. Errors: after commit() or rollback() every call of a store is
// kInvalidArgument.
class Transaction {
 public:
  StorageContext& operator*() const { return *context_; }
  StorageContext* operator->() const { return context_.get(); }

  Status commit(const WriteOptions& options = {}) { return transaction_->commit(options); }
  void rollback() { transaction_->rollback(); }

 private:
  friend class StorageContext;
  Transaction(std::shared_ptr<KVTransaction> transaction, StorageContext context)
      : transaction_(std::move(transaction)),
        context_(std::make_unique<StorageContext>(std::move(context))) {}

  std::shared_ptr<KVTransaction> transaction_;
  std::unique_ptr<StorageContext> context_;
};

}  // namespace quipu

#endif  // QUIPU_STORAGE_CONTEXT_H_
