#include "engine/stores/graphs/rel_map_walk.h"

#include <algorithm>
#include <unordered_set>
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

size_t kept_of(size_t edges, int limit) {
  return std::min(edges, limit < 0 ? 0 : static_cast<size_t>(limit));
}

}  // namespace

// A walk finds a triplet for each subject that it comes to, so it takes no more than `at_most` steps, and of
// each it needs the first `at_most` different subjects, in the order in which the steps before have them.
Status WalkEdges::read_ahead(std::span<const std::string> subjs, int depth, int limit, size_t at_most) {
  std::vector<std::string> step(subjs.begin(), subjs.end());
  for (int done = 0; done != depth && static_cast<size_t>(done) < at_most && !step.empty(); ++done) {
    std::vector<std::string_view> unknown;
    for (const std::string& subj : step) {
      if (!known_.contains(subj)) unknown.push_back(subj);
    }
    if (unknown.empty()) break;
    QUIPU_ASSIGN_OR_RETURN(std::vector<std::vector<GraphEdge>> edges, read_(unknown));
    for (size_t i = 0; i < unknown.size(); ++i) known_.emplace(unknown[i], std::move(edges[i]));
    std::vector<std::string> next;
    std::unordered_set<std::string_view> seen;
    for (const std::string& subj : step) {
      const std::vector<GraphEdge>& followed = known_.at(subj);
      const size_t kept = kept_of(followed.size(), done == 0 ? limit : kInnerLimit);
      for (size_t i = 0; i < kept && next.size() < at_most; ++i) {
        if (seen.insert(followed[i].obj).second) next.push_back(followed[i].obj);
      }
    }
    step = std::move(next);
  }
  return Status::ok();
}

Result<std::vector<GraphEdge>> WalkEdges::of(const std::string& subj) const {
  if (const auto known = known_.find(subj); known != known_.end()) return known->second;
  const std::string_view one = subj;
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::vector<GraphEdge>> edges, read_({&one, 1}));
  return std::move(edges.front());
}

Result<std::vector<GraphTriplet>> walk_rel_map(const WalkEdges& edges, const std::string& subj, int depth,
                                               int limit, int64_t at_most) {
  std::vector<GraphTriplet> found;
  std::vector<Level> way;
  const auto enter = [&](std::string at, int edge_limit) -> Status {
    if (static_cast<int64_t>(way.size()) == depth) return Status::ok();
    QUIPU_ASSIGN_OR_RETURN(std::vector<GraphEdge> followed, edges.of(at));
    followed.resize(kept_of(followed.size(), edge_limit));
    way.push_back({std::move(at), std::move(followed), 0});
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
