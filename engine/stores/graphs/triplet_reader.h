// TripletReader: finds and loads the triplets of a property graph.

#ifndef QUIPU_ENGINE_STORES_GRAPHS_TRIPLET_READER_H_
#define QUIPU_ENGINE_STORES_GRAPHS_TRIPLET_READER_H_

#include <cstdint>
#include <functional>
#include <optional>
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

  // Hands over the triplets at either end of which ids[i] is, of each id in turn, until `use` says false. Of
  // those of one id no more than the first `at_most` are wanted; 0: all.
  using UseTriplets = std::function<Result<bool>(std::vector<TripletIds> triplets)>;
  Status for_each_node(std::span<const std::string> ids, uint64_t at_most, const UseTriplets& use) const;
  // All of all of them, each once.
  Result<std::vector<TripletIds>> triplets_of(std::span<const std::string> ids) const;
  Result<std::vector<TripletIds>> all_triplets() const;
  // A superset of what the selection picks, as small as the adjacency gives it.
  Result<std::vector<TripletIds>> candidates(const GraphSelection& selection) const;
  // Nodes that several triplets share are read once, and all at once.
  Result<std::vector<Triplet>> load_triplets(std::span<const TripletIds> ids) const;
  // The keys of their relations, read at once.
  Result<std::vector<std::string>> relation_keys_of(std::span<const TripletIds> ids) const;
  // The same of a triplet that has been read.
  static std::string relation_key_of(const TripletIds& ids, JsonView stored);

 private:
  Result<std::vector<std::optional<Json>>> load_relations(std::span<const TripletIds> ids) const;

  const PropertyGraphState& graph_;
  BaseKVStore& kvstore_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_GRAPHS_TRIPLET_READER_H_
