// The async twins of KVVectorStore: the sync calls, run on the key-value store's executor.

#include <utility>

#include "quipu/backend/executor.h"
#include "quipu/vector_store.h"

namespace quipu {

// What runs on the executor must not own the key-value store: its destructor waits for the executor.
std::shared_ptr<KVVectorStore> KVVectorStore::unowned() const {
  return std::make_shared<KVVectorStore>(std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), &kvstore()),
                                         name_space());
}

std::future<Result<std::vector<std::string>>> KVVectorStore::async_add(
    std::vector<std::shared_ptr<const BaseNode>> nodes) {
  return kvstore().executor().submit(
      [store = unowned(), nodes = std::move(nodes)] { return store->add(nodes); });
}

std::future<Result<std::vector<std::shared_ptr<const BaseNode>>>> KVVectorStore::aget_nodes(
    std::optional<std::vector<std::string>> node_ids, std::optional<MetadataFilters> filters) {
  return kvstore().executor().submit(
      [store = unowned(), node_ids = std::move(node_ids), filters = std::move(filters)] {
        const auto ids = node_ids ? std::optional<std::span<const std::string>>(*node_ids) : std::nullopt;
        return store->get_nodes(ids, filters ? &*filters : nullptr);
      });
}

std::future<Status> KVVectorStore::adelete(std::string ref_doc_id) {
  return kvstore().executor().submit(
      [store = unowned(), ref_doc_id = std::move(ref_doc_id)] { return store->delete_(ref_doc_id); });
}

std::future<Status> KVVectorStore::adelete_nodes(std::optional<std::vector<std::string>> node_ids,
                                                 std::optional<MetadataFilters> filters) {
  return kvstore().executor().submit(
      [store = unowned(), node_ids = std::move(node_ids), filters = std::move(filters)] {
        const auto ids = node_ids ? std::optional<std::span<const std::string>>(*node_ids) : std::nullopt;
        return store->delete_nodes(ids, filters ? &*filters : nullptr);
      });
}

std::future<Status> KVVectorStore::aclear() {
  return kvstore().executor().submit([store = unowned()] { return store->clear(); });
}

std::future<Result<VectorStoreQueryResult>> KVVectorStore::aquery(VectorStoreQuery query) {
  return kvstore().executor().submit(
      [store = unowned(), query = std::move(query)] { return store->query(query); });
}

}  // namespace quipu
