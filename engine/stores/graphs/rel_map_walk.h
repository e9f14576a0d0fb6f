// The walk behind GraphStore::get_rel_map, and the edges that it goes along.

#ifndef QUIPU_ENGINE_STORES_GRAPHS_REL_MAP_WALK_H_
#define QUIPU_ENGINE_STORES_GRAPHS_REL_MAP_WALK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "quipu/graph_store.h"

namespace quipu {

// WalkEdges: the edges of subjects: read as a walk comes to them or, where each read is a round trip, a step
// of all walks at once before they begin.
class WalkEdges {
 public:
  // Reads those of several subjects, in their order.
  using Read = std::function<Result<std::vector<std::vector<GraphEdge>>>(std::span<const std::string_view>)>;
  explicit WalkEdges(Read read) : read_(std::move(read)) {}

  // Reads what walks from these subjects on, one after the other, may come to before they have found
  // `at_most` triplets in all.
  Status read_ahead(std::span<const std::string> subjs, int depth, int limit, size_t at_most);
  Result<std::vector<GraphEdge>> of(const std::string& subj) const;

 private:
  const Read read_;
  std::unordered_map<std::string, std::vector<GraphEdge>> known_;
};

// The first `at_most` triplets that the reference's _get_rel_map(subj, depth, limit) yields. A negative depth
// is without end, as there.
Result<std::vector<GraphTriplet>> walk_rel_map(const WalkEdges& edges, const std::string& subj, int depth,
                                               int limit, int64_t at_most);

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_GRAPHS_REL_MAP_WALK_H_
