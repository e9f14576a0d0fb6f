// GraphReader: the queries of a property graph.

#ifndef QUIPU_ENGINE_STORES_GRAPHS_GRAPH_READER_H_
#define QUIPU_ENGINE_STORES_GRAPHS_GRAPH_READER_H_

#include <span>
#include <string>
#include <vector>

#include "engine/stores/graphs/property_graph_state.h"
#include "engine/stores/graphs/triplet_reader.h"
#include "quipu/property_graph_store.h"

namespace quipu {

class GraphReader {
 public:
  GraphReader(const PropertyGraphState& graph, const TripletReader& triplets)
      : graph_(graph), kvstore_(*graph.kvstore), triplets_(triplets) {}

  // As KVPropertyGraphStore's.
  Result<std::vector<LabelledNode>> get(JsonView properties, std::span<const std::string> ids) const;
  Result<std::vector<Triplet>> get_triplets(const GraphSelection& selection) const;
  Result<std::vector<Triplet>> get_rel_map(std::span<const LabelledNode> graph_nodes, int depth, int limit,
                                           std::span<const std::string> ignore_rels) const;
  Result<bool> supports_vector_queries() const;
  Result<ScoredNodes> vector_query(const VectorStoreQuery& query) const;
  Result<Json> get_schema() const;
  Result<Json> to_dict() const;

 private:
  const PropertyGraphState& graph_;
  BaseKVStore& kvstore_;
  const TripletReader& triplets_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_GRAPHS_GRAPH_READER_H_
