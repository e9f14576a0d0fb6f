// GraphWriter: what changes a property graph. Each change is one atomic batch.

#ifndef QUIPU_ENGINE_STORES_GRAPHS_GRAPH_WRITER_H_
#define QUIPU_ENGINE_STORES_GRAPHS_GRAPH_WRITER_H_

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/stores/graphs/graph_reader.h"
#include "engine/stores/graphs/property_graph_state.h"
#include "engine/stores/graphs/triplet_ids.h"
#include "engine/stores/graphs/triplet_reader.h"
#include "quipu/backend/key_locks.h"
#include "quipu/property_graph_store.h"
#include "quipu/write_batch.h"

namespace quipu {

class GraphWriter {
 public:
  GraphWriter(const PropertyGraphState& graph, const TripletReader& triplets, const GraphReader& reader)
      : graph_(graph), kvstore_(*graph.kvstore), triplets_(triplets), reader_(reader) {}

  // As KVPropertyGraphStore's.
  Status upsert_nodes(std::span<const LabelledNode> nodes) const;
  Status upsert_relations(std::span<const Relation> relations) const;
  Status delete_(const GraphSelection& selection) const;
  Status load(JsonView save_dict) const;

 private:
  Status declare_collections() const;
  // Writes a batch that changes these nodes, under `locks`, if any, which it releases, and tells the index.
  Status write(const WriteBatch& batch, KeyLocks* locks, const std::vector<std::string>& nodes) const;

  struct RelationWrite;
  using NodeSet = std::unordered_set<std::string_view>;  // ids of nodes that are there
  Result<KeyLocks> lock(std::span<const RelationWrite> writes) const;
  using NodeIds = std::unordered_map<std::string_view, std::string>;  // by the names of entities
  Result<NodeIds> settle(std::span<RelationWrite> writes) const;
  Status find_keys(std::span<RelationWrite> writes) const;
  Result<NodeSet> find_ends(std::span<const RelationWrite> writes) const;
  Result<std::vector<std::string>> selected_nodes(const GraphSelection& selection) const;
  Status add_selected_triplets(const GraphSelection& selection, std::vector<TripletIds>& going) const;
  void make_ends(const RelationWrite& write, NodeSet& nodes, WriteBatch& batch) const;

  const PropertyGraphState& graph_;
  BaseKVStore& kvstore_;
  const TripletReader& triplets_;
  const GraphReader& reader_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_GRAPHS_GRAPH_WRITER_H_
