// The async twins of KVVectorStore.

#include <utility>

#include "quipu/backend/executor.h"
#include "quipu/vector_store.h"

namespace quipu {

using Store = KVVectorStore;

std::future<Result<std::vector<std::string>>> Store::async_add(
    std::vector<std::shared_ptr<const BaseNode>> nodes) {
  return run_async(kvstore().executor(), unowned(), &Store::add, std::move(nodes));
}

std::future<Result<std::vector<std::shared_ptr<const BaseNode>>>> Store::aget_nodes(
    std::optional<std::vector<std::string>> node_ids, std::optional<MetadataFilters> filters) {
  const auto get = [](Store& store, const auto& ids, const auto& filters) {
    return store.get_nodes(ids, filters ? &*filters : nullptr);
  };
  return run_async(kvstore().executor(), unowned(), get, std::move(node_ids), std::move(filters));
}

std::future<Status> Store::adelete(std::string ref_doc_id) {
  return run_async(kvstore().executor(), unowned(), &Store::delete_, std::move(ref_doc_id));
}

std::future<Status> Store::adelete_nodes(std::optional<std::vector<std::string>> node_ids,
                                         std::optional<MetadataFilters> filters) {
  const auto remove = [](Store& store, const auto& ids, const auto& filters) {
    return store.delete_nodes(ids, filters ? &*filters : nullptr);
  };
  return run_async(kvstore().executor(), unowned(), remove, std::move(node_ids), std::move(filters));
}

std::future<Status> Store::aclear() { return run_async(kvstore().executor(), unowned(), &Store::clear); }

std::future<Result<VectorStoreQueryResult>> Store::aquery(VectorStoreQuery query) {
  return run_async(kvstore().executor(), unowned(), &Store::query, std::move(query));
}

}  // namespace quipu
