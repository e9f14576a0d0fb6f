// The async twins of KVPropertyGraphStore: the sync calls, run on the key-value store's executor.

#include <utility>

#include "quipu/backend/executor.h"
#include "quipu/property_graph_store.h"

namespace quipu {

std::future<Result<std::vector<LabelledNode>>> KVPropertyGraphStore::aget(Json properties,
                                                                          std::vector<std::string> ids) {
  return kvstore().executor().submit([store = unowned(), properties = std::move(properties),
                                      ids = std::move(ids)] { return store.get(properties, ids); });
}

std::future<Result<std::vector<Triplet>>> KVPropertyGraphStore::aget_triplets(GraphSelection selection) {
  return kvstore().executor().submit(
      [store = unowned(), selection = std::move(selection)] { return store.get_triplets(selection); });
}

std::future<Result<std::vector<Triplet>>> KVPropertyGraphStore::aget_rel_map(
    std::vector<LabelledNode> graph_nodes, int depth, int limit, std::vector<std::string> ignore_rels) {
  return kvstore().executor().submit([store = unowned(), graph_nodes = std::move(graph_nodes), depth, limit,
                                      ignore_rels = std::move(ignore_rels)] {
    return store.get_rel_map(graph_nodes, depth, limit, ignore_rels);
  });
}

std::future<Result<std::vector<std::shared_ptr<const BaseNode>>>> KVPropertyGraphStore::aget_llama_nodes(
    std::vector<std::string> node_ids) {
  return kvstore().executor().submit(
      [store = unowned(), node_ids = std::move(node_ids)] { return store.get_llama_nodes(node_ids); });
}

std::future<Status> KVPropertyGraphStore::aupsert_nodes(std::vector<LabelledNode> nodes) {
  return kvstore().executor().submit(
      [store = unowned(), nodes = std::move(nodes)]() mutable { return store.upsert_nodes(nodes); });
}

std::future<Status> KVPropertyGraphStore::aupsert_relations(std::vector<Relation> relations) {
  return kvstore().executor().submit([store = unowned(), relations = std::move(relations)]() mutable {
    return store.upsert_relations(relations);
  });
}

std::future<Status> KVPropertyGraphStore::adelete(GraphSelection selection) {
  return kvstore().executor().submit(
      [store = unowned(), selection = std::move(selection)]() mutable { return store.delete_(selection); });
}

std::future<Status> KVPropertyGraphStore::adelete_llama_nodes(std::vector<std::string> node_ids,
                                                              std::vector<std::string> ref_doc_ids) {
  return kvstore().executor().submit(
      [store = unowned(), node_ids = std::move(node_ids), ref_doc_ids = std::move(ref_doc_ids)]() mutable {
        return store.delete_llama_nodes(node_ids, ref_doc_ids);
      });
}

std::future<Result<ScoredNodes>> KVPropertyGraphStore::avector_query(VectorStoreQuery query) {
  return kvstore().executor().submit(
      [store = unowned(), query = std::move(query)] { return store.vector_query(query); });
}

std::future<Result<Json>> KVPropertyGraphStore::aget_schema(bool refresh) {
  return kvstore().executor().submit([store = unowned(), refresh] { return store.get_schema(refresh); });
}

}  // namespace quipu
