// How a GraphSelection picks nodes and triplets.

#ifndef QUIPU_ENGINE_STORES_GRAPHS_GRAPH_MATCHING_H_
#define QUIPU_ENGINE_STORES_GRAPHS_GRAPH_MATCHING_H_

#include <algorithm>
#include <string>
#include <vector>

#include "engine/python/python_compare.h"
#include "quipu/property_graph_store.h"

namespace quipu {

// True when any pair of `wanted` is equal in `properties`; an absent key counts as null, as dict.get has it.
inline bool matches_properties(JsonView properties, JsonView wanted) {
  for (const JsonMember& member : wanted.members()) {
    if (python_equal(properties.find(member.key()).value_or(JsonView()), member.value)) return true;
  }
  return false;
}

inline bool contains(const std::vector<std::string>& list, const std::string& element) {
  return std::ranges::find(list, element) != list.end();
}

// Whether a triplet meets every condition that is given.
inline bool selects(const GraphSelection& selection, const Triplet& triplet) {
  const auto at_an_end = [&](const std::vector<std::string>& ids) {
    return contains(ids, triplet.source.id()) || contains(ids, triplet.target.id());
  };
  if (!selection.entity_names.empty() && !at_an_end(selection.entity_names)) return false;
  if (!selection.ids.empty() && !at_an_end(selection.ids)) return false;
  if (!selection.relation_names.empty() && !contains(selection.relation_names, triplet.relation.id()))
    return false;
  if (!selection.properties.view().truthy()) return true;
  return matches_properties(triplet.source.properties(), selection.properties) ||
         matches_properties(triplet.relation.properties(), selection.properties) ||
         matches_properties(triplet.target.properties(), selection.properties);
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_GRAPHS_GRAPH_MATCHING_H_
