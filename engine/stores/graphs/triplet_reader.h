// TripletReader: finds and loads the triplets of a property graph.

#ifndef QUIPU_ENGINE_STORES_GRAPHS_TRIPLET_READER_H_
#define QUIPU_ENGINE_STORES_GRAPHS_TRIPLET_READER_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stores/graphs/property_graph_state.h"
#include "engine/stores/graphs/triplet_ids.h"
#include "quipu/property_graph_store.h"

namespace quipu {

class TripletReader {
 public:
  explicit TripletReader(const PropertyGraphState& graph) : graph_(graph), kvstore_(*graph.kvstore) {}

  // The triplets at either end of which `id` is.
  Result<std::vector<TripletIds>> triplets_of(std::string_view id) const;
  Result<std::vector<TripletIds>> all_triplets() const;
  // A superset of what the selection picks, as small as the adjacency gives it.
  Result<std::vector<TripletIds>> candidates(const GraphSelection& selection) const;
  // Nodes that several triplets share are read once, and all at once.
  Result<std::vector<Triplet>> load_triplets(std::span<const TripletIds> ids) const;
  Result<std::string> relation_key_of(const TripletIds& ids) const;
  // The same of a triplet that has been read.
  static std::string relation_key_of(const TripletIds& ids, JsonView stored);

 private:
  Result<std::vector<std::string>> incoming_keys(std::string_view id) const;

  const PropertyGraphState& graph_;
  BaseKVStore& kvstore_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_GRAPHS_TRIPLET_READER_H_
