// The async twins of KVPropertyGraphStore.

#include <utility>

#include "quipu/backend/executor.h"
#include "quipu/property_graph_store.h"

namespace quipu {

using Store = KVPropertyGraphStore;

std::future<Result<std::vector<LabelledNode>>> Store::aget(Json properties, std::vector<std::string> ids) {
  return run_async(kvstore().executor(), unowned(), &Store::get, std::move(properties), std::move(ids));
}

std::future<Result<std::vector<Triplet>>> Store::aget_triplets(GraphSelection selection) {
  return run_async(kvstore().executor(), unowned(), &Store::get_triplets, std::move(selection));
}

std::future<Result<std::vector<Triplet>>> Store::aget_rel_map(std::vector<LabelledNode> graph_nodes,
                                                              int depth, int limit,
                                                              std::vector<std::string> ignore_rels) {
  return run_async(kvstore().executor(), unowned(), &Store::get_rel_map, std::move(graph_nodes), depth, limit,
                   std::move(ignore_rels));
}

std::future<Result<std::vector<std::shared_ptr<const BaseNode>>>> Store::aget_llama_nodes(
    std::vector<std::string> node_ids) {
  return run_async(kvstore().executor(), unowned(), &Store::get_llama_nodes, std::move(node_ids));
}

std::future<Status> Store::aupsert_nodes(std::vector<LabelledNode> nodes) {
  return run_async(kvstore().executor(), unowned(), &Store::upsert_nodes, std::move(nodes));
}

std::future<Status> Store::aupsert_relations(std::vector<Relation> relations) {
  return run_async(kvstore().executor(), unowned(), &Store::upsert_relations, std::move(relations));
}

std::future<Status> Store::adelete(GraphSelection selection) {
  return run_async(kvstore().executor(), unowned(), &Store::delete_, std::move(selection));
}

std::future<Status> Store::adelete_llama_nodes(std::vector<std::string> node_ids,
                                               std::vector<std::string> ref_doc_ids) {
  return run_async(kvstore().executor(), unowned(), &Store::delete_llama_nodes, std::move(node_ids),
                   std::move(ref_doc_ids));
}

std::future<Result<ScoredNodes>> Store::avector_query(VectorStoreQuery query) {
  return run_async(kvstore().executor(), unowned(), &Store::vector_query, std::move(query));
}

std::future<Result<Json>> Store::aget_schema(bool refresh) {
  return run_async(kvstore().executor(), unowned(), &Store::get_schema, refresh);
}

}  // namespace quipu
