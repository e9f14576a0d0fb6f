#include "engine/stores/graphs/triplet_reader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "quipu/backend/features.h"

namespace quipu {

Result<std::vector<std::string>> TripletReader::relation_keys_of(std::span<const TripletIds> ids) const {
  std::vector<std::string> triplets;
  for (const TripletIds& one : ids) triplets.push_back(triplet_key(one));
  const std::vector<std::string_view> views(triplets.begin(), triplets.end());
  QUIPU_ASSIGN_OR_RETURN(const auto stored, kvstore_.multi_get(views, graph_.collections.triplets));
  std::vector<std::string> keys;
  for (size_t i = 0; i < ids.size(); ++i) {
    keys.push_back(stored[i] ? relation_key_of(ids[i], *stored[i]) : relation_key(ids[i]));
  }
  return keys;
}

std::string TripletReader::relation_key_of(const TripletIds& ids, JsonView stored) {
  const std::optional<JsonView> other = stored.find(kTripletRelationKey);
  return other && other->is_string() ? other->string() : relation_key(ids);
}

Status TripletReader::for_each_node(std::span<const std::string> ids, uint64_t at_most,
                                    const UseTriplets& use) const {
  const std::vector<std::string_view> views(ids.begin(), ids.end());
  return kvstore_.adjacency().for_each_node(
      graph_.collections.triplets, views, at_most,
      [&](size_t /*i*/, const std::vector<std::string>& keys) -> Result<bool> {
        std::vector<TripletIds> triplets;
        triplets.reserve(keys.size());
        for (const std::string& key : keys) {
          QUIPU_ASSIGN_OR_RETURN(TripletIds triplet, parse_triplet_key(key));
          triplets.push_back(std::move(triplet));
        }
        return use(std::move(triplets));
      });
}

Result<std::vector<TripletIds>> TripletReader::triplets_of(std::span<const std::string> ids) const {
  std::vector<std::string> distinct;
  std::unordered_set<std::string_view> walked;
  for (const std::string& id : ids) {
    if (walked.insert(id).second) distinct.push_back(id);
  }
  std::vector<TripletIds> found;
  std::unordered_set<std::string> seen;
  QUIPU_RETURN_IF_ERROR(for_each_node(distinct, 0, [&](std::vector<TripletIds> triplets) {
    for (TripletIds& triplet : triplets) {
      if (seen.insert(triplet_key(triplet)).second) found.push_back(std::move(triplet));
    }
    return true;
  }));
  return found;
}

Result<std::vector<TripletIds>> TripletReader::all_triplets() const {
  std::vector<TripletIds> found;
  ScanOptions options;
  options.keys_only = true;
  options.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it,
                         kvstore_.scan(options, graph_.collections.triplets));
  while (it->next()) {
    QUIPU_ASSIGN_OR_RETURN(TripletIds ids, parse_triplet_key(it->key()));
    found.push_back(std::move(ids));
  }
  QUIPU_RETURN_IF_ERROR(it->status());
  return found;
}

Result<std::vector<TripletIds>> TripletReader::candidates(const GraphSelection& selection) const {
  const std::vector<std::string>& ends = selection.ids.empty() ? selection.entity_names : selection.ids;
  return ends.empty() ? all_triplets() : triplets_of(ends);
}

// Of each triplet; one that is not where the ids say is where the triplet says, if anywhere.
Result<std::vector<std::optional<Json>>> TripletReader::load_relations(
    std::span<const TripletIds> ids) const {
  std::vector<std::string> keys;
  for (const TripletIds& one : ids) keys.push_back(relation_key(one));
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  QUIPU_ASSIGN_OR_RETURN(auto relations, kvstore_.multi_get(views, graph_.collections.relations));
  std::vector<size_t> elsewhere;
  std::vector<TripletIds> theirs;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (relations[i]) continue;
    elsewhere.push_back(i);
    theirs.push_back(ids[i]);
  }
  if (elsewhere.empty()) return relations;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> other_keys, relation_keys_of(theirs));
  const std::vector<std::string_view> others(other_keys.begin(), other_keys.end());
  QUIPU_ASSIGN_OR_RETURN(auto found, kvstore_.multi_get(others, graph_.collections.relations));
  for (size_t i = 0; i < elsewhere.size(); ++i) relations[elsewhere[i]] = std::move(found[i]);
  return relations;
}

Result<std::vector<Triplet>> TripletReader::load_triplets(std::span<const TripletIds> ids) const {
  constexpr size_t kLoadedAtOnce = 1000;
  std::vector<Triplet> triplets;
  for (size_t begin = 0; begin < ids.size(); begin += kLoadedAtOnce) {
    const auto part = ids.subspan(begin, std::min(kLoadedAtOnce, ids.size() - begin));
    std::unordered_map<std::string_view, size_t> places;
    std::vector<std::string_view> ends;
    for (const TripletIds& one : part) {
      for (const std::string* const end : {&one.source, &one.target}) {
        if (places.emplace(*end, ends.size()).second) ends.push_back(*end);
      }
    }
    QUIPU_ASSIGN_OR_RETURN(const auto nodes, kvstore_.multi_get(ends, graph_.collections.nodes));
    QUIPU_ASSIGN_OR_RETURN(auto relations, load_relations(part));
    for (size_t i = 0; i < part.size(); ++i) {
      const std::optional<Json>& source = nodes[places.at(part[i].source)];
      const std::optional<Json>& target = nodes[places.at(part[i].target)];
      if (!source || !target) {
        return Status::corruption("property graph: the triplet " + triplet_key(part[i]) + " lacks a node");
      }
      triplets.push_back({LabelledNode::from_stored(*source, part[i].source),
                          // Two triplets may share a key; what is left when one has been deleted has no
                          // properties.
                          relations[i] ? Relation::from_stored(*std::move(relations[i]))
                                       : Relation(part[i].label, part[i].source, part[i].target),
                          LabelledNode::from_stored(*target, part[i].target)});
    }
  }
  return triplets;
}

}  // namespace quipu
