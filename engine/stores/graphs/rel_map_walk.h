// The walk behind GraphStore::get_rel_map.

#ifndef QUIPU_ENGINE_STORES_GRAPHS_REL_MAP_WALK_H_
#define QUIPU_ENGINE_STORES_GRAPHS_REL_MAP_WALK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "quipu/graph_store.h"

namespace quipu {

// The first `at_most` triplets that the reference's _get_rel_map(subj, depth, limit) yields. A negative depth
// is without end, as there.
Result<std::vector<GraphTriplet>> walk_rel_map(const GraphStore& graph, const std::string& subj, int depth,
                                               int limit, int64_t at_most);

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_GRAPHS_REL_MAP_WALK_H_
