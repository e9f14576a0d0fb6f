#include "engine/stores/graphs/rel_map_walk.h"

#include <utility>

namespace quipu {
namespace {

// Source: SimpleGraphStoreData._get_rel_map, which recurs without its `limit`.
constexpr int kInnerLimit = 30;

// A subject on the way, with what is still to be followed from it.
struct Level {
  std::string subj;
  std::vector<GraphEdge> edges;
  size_t next = 0;
};

}  // namespace

Result<std::vector<GraphTriplet>> walk_rel_map(const GraphStore& graph, const std::string& subj, int depth,
                                               int limit, int64_t at_most) {
  std::vector<GraphTriplet> found;
  std::vector<Level> way;
  const auto enter = [&](std::string at, int edge_limit) -> Status {
    if (static_cast<int64_t>(way.size()) == depth) return Status::ok();
    QUIPU_ASSIGN_OR_RETURN(std::vector<GraphEdge> edges, graph.get(at));
    const size_t kept = edge_limit < 0 ? 0 : static_cast<size_t>(edge_limit);
    if (edges.size() > kept) edges.resize(kept);
    way.push_back({std::move(at), std::move(edges), 0});
    return Status::ok();
  };
  QUIPU_RETURN_IF_ERROR(enter(subj, limit));
  while (!way.empty() && static_cast<int64_t>(found.size()) < at_most) {
    Level& level = way.back();
    if (level.next == level.edges.size()) {
      way.pop_back();
      continue;
    }
    GraphEdge& edge = level.edges[level.next++];
    found.push_back({level.subj, std::move(edge.rel), edge.obj});
    QUIPU_RETURN_IF_ERROR(enter(std::move(edge.obj), kInnerLimit));
  }
  return found;
}

}  // namespace quipu
