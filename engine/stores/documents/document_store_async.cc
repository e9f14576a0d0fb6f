// The async twins of KVDocumentStore: the sync calls, run on the key-value store's executor.

#include <utility>

#include "quipu/backend/executor.h"
#include "quipu/document_store.h"

namespace quipu {

// What runs on the executor must not own the key-value store: its destructor waits for the executor.
KVDocumentStore KVDocumentStore::unowned() const {
  KVDocumentStore store = *this;
  store.kvstore_ = std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), kvstore_.get());
  return store;
}

std::future<Status> KVDocumentStore::async_add_documents(std::vector<NodePtr> docs, AddOptions options) {
  return kvstore_->executor().submit([store = unowned(), docs = std::move(docs), options]() mutable {
    return store.add_documents(docs, options);
  });
}

std::future<Result<NodePtr>> KVDocumentStore::aget_document(std::string doc_id, bool raise_error) {
  return kvstore_->executor().submit([store = unowned(), doc_id = std::move(doc_id), raise_error] {
    return store.get_document(doc_id, raise_error);
  });
}

std::future<Result<NodePtr>> KVDocumentStore::aget_node(std::string node_id, bool raise_error) {
  return kvstore_->executor().submit([store = unowned(), node_id = std::move(node_id), raise_error] {
    return store.get_node(node_id, raise_error);
  });
}

std::future<Result<std::vector<NodePtr>>> KVDocumentStore::aget_nodes(std::vector<std::string> node_ids,
                                                                      bool raise_error) {
  return kvstore_->executor().submit([store = unowned(), node_ids = std::move(node_ids), raise_error] {
    return store.get_nodes(node_ids, raise_error);
  });
}

std::future<Result<std::vector<std::pair<int64_t, NodePtr>>>> KVDocumentStore::aget_node_dict(
    std::vector<std::pair<int64_t, std::string>> node_id_dict) {
  return kvstore_->executor().submit([store = unowned(), node_id_dict = std::move(node_id_dict)] {
    return store.get_node_dict(node_id_dict);
  });
}

std::future<Status> KVDocumentStore::adelete_document(std::string doc_id, bool raise_error) {
  return kvstore_->executor().submit([store = unowned(), doc_id = std::move(doc_id), raise_error]() mutable {
    return store.delete_document(doc_id, raise_error);
  });
}

std::future<Result<bool>> KVDocumentStore::adocument_exists(std::string doc_id) {
  return kvstore_->executor().submit(
      [store = unowned(), doc_id = std::move(doc_id)] { return store.document_exists(doc_id); });
}

std::future<Status> KVDocumentStore::aset_document_hash(std::string doc_id, std::string doc_hash) {
  return kvstore_->executor().submit(
      [store = unowned(), doc_id = std::move(doc_id), doc_hash = std::move(doc_hash)]() mutable {
        return store.set_document_hash(doc_id, doc_hash);
      });
}

std::future<Status> KVDocumentStore::aset_document_hashes(
    std::vector<std::pair<std::string, std::string>> doc_hashes) {
  return kvstore_->executor().submit([store = unowned(), doc_hashes = std::move(doc_hashes)]() mutable {
    return store.set_document_hashes(doc_hashes);
  });
}

std::future<Result<std::optional<std::string>>> KVDocumentStore::aget_document_hash(std::string doc_id) {
  return kvstore_->executor().submit(
      [store = unowned(), doc_id = std::move(doc_id)] { return store.get_document_hash(doc_id); });
}

std::future<Result<OrderedMap<std::string>>> KVDocumentStore::aget_all_document_hashes() {
  return kvstore_->executor().submit([store = unowned()] { return store.get_all_document_hashes(); });
}

std::future<Result<std::optional<RefDocInfo>>> KVDocumentStore::aget_ref_doc_info(std::string ref_doc_id) {
  return kvstore_->executor().submit(
      [store = unowned(), ref_doc_id = std::move(ref_doc_id)] { return store.get_ref_doc_info(ref_doc_id); });
}

std::future<Result<OrderedMap<RefDocInfo>>> KVDocumentStore::aget_all_ref_doc_info() {
  return kvstore_->executor().submit([store = unowned()] { return store.get_all_ref_doc_info(); });
}

std::future<Result<bool>> KVDocumentStore::aref_doc_exists(std::string ref_doc_id) {
  return kvstore_->executor().submit(
      [store = unowned(), ref_doc_id = std::move(ref_doc_id)] { return store.ref_doc_exists(ref_doc_id); });
}

std::future<Status> KVDocumentStore::adelete_ref_doc(std::string ref_doc_id, bool raise_error) {
  return kvstore_->executor().submit(
      [store = unowned(), ref_doc_id = std::move(ref_doc_id), raise_error]() mutable {
        return store.delete_ref_doc(ref_doc_id, raise_error);
      });
}

}  // namespace quipu
