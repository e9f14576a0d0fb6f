// The async twins of BaseDocumentStore.

#include <utility>

#include "quipu/backend/executor.h"
#include "quipu/document_store.h"

namespace quipu {

using Store = BaseDocumentStore;

std::future<Status> Store::async_add_documents(std::vector<NodePtr> docs, AddOptions options) {
  return run_async(executor(), unowned(), &Store::add_documents, std::move(docs), options);
}

std::future<Result<NodePtr>> Store::aget_document(std::string doc_id, bool raise_error) {
  return run_async(executor(), unowned(), &Store::get_document, std::move(doc_id), raise_error);
}

std::future<Result<NodePtr>> Store::aget_node(std::string node_id, bool raise_error) {
  return run_async(executor(), unowned(), &Store::get_node, std::move(node_id), raise_error);
}

std::future<Result<std::vector<NodePtr>>> Store::aget_nodes(std::vector<std::string> node_ids,
                                                            bool raise_error) {
  return run_async(executor(), unowned(), &Store::get_nodes, std::move(node_ids), raise_error);
}

std::future<Result<std::vector<std::pair<int64_t, NodePtr>>>> Store::aget_node_dict(
    std::vector<std::pair<int64_t, std::string>> node_id_dict) {
  return run_async(executor(), unowned(), &Store::get_node_dict, std::move(node_id_dict));
}

std::future<Status> Store::adelete_document(std::string doc_id, bool raise_error) {
  return run_async(executor(), unowned(), &Store::delete_document, std::move(doc_id), raise_error);
}

std::future<Result<bool>> Store::adocument_exists(std::string doc_id) {
  return run_async(executor(), unowned(), &Store::document_exists, std::move(doc_id));
}

std::future<Status> Store::aset_document_hash(std::string doc_id, std::string doc_hash) {
  return run_async(executor(), unowned(), &Store::set_document_hash, std::move(doc_id), std::move(doc_hash));
}

std::future<Status> Store::aset_document_hashes(std::vector<std::pair<std::string, std::string>> doc_hashes) {
  return run_async(executor(), unowned(), &Store::set_document_hashes, std::move(doc_hashes));
}

std::future<Result<std::optional<std::string>>> Store::aget_document_hash(std::string doc_id) {
  return run_async(executor(), unowned(), &Store::get_document_hash, std::move(doc_id));
}

std::future<Result<OrderedMap<std::string>>> Store::aget_all_document_hashes() {
  return run_async(executor(), unowned(), &Store::get_all_document_hashes);
}

std::future<Result<std::optional<RefDocInfo>>> Store::aget_ref_doc_info(std::string ref_doc_id) {
  return run_async(executor(), unowned(), &Store::get_ref_doc_info, std::move(ref_doc_id));
}

std::future<Result<OrderedMap<RefDocInfo>>> Store::aget_all_ref_doc_info() {
  return run_async(executor(), unowned(), &Store::get_all_ref_doc_info);
}

std::future<Result<bool>> Store::aref_doc_exists(std::string ref_doc_id) {
  return run_async(executor(), unowned(), &Store::ref_doc_exists, std::move(ref_doc_id));
}

std::future<Status> Store::adelete_ref_doc(std::string ref_doc_id, bool raise_error) {
  return run_async(executor(), unowned(), &Store::delete_ref_doc, std::move(ref_doc_id), raise_error);
}

}  // namespace quipu
