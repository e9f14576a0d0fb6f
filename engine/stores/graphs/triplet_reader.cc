#include "engine/stores/graphs/triplet_reader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "quipu/backend/features.h"

namespace quipu {

Result<std::string> TripletReader::relation_key_of(const TripletIds& ids) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> value,
                         kvstore_.get(triplet_key(ids), graph_.collections.triplets));
  return value ? relation_key_of(ids, *value) : relation_key(ids);
}

std::string TripletReader::relation_key_of(const TripletIds& ids, JsonView stored) {
  const std::optional<JsonView> other = stored.find(kTripletRelationKey);
  return other && other->is_string() ? other->string() : relation_key(ids);
}

Result<std::vector<std::string>> TripletReader::incoming_keys(std::string_view id) const {
  return kvstore_.field_index().keys_with_value(graph_.collections.triplets, kTripletTarget, id);
}

Result<std::vector<TripletIds>> TripletReader::triplets_of(std::string_view id) const {
  std::vector<TripletIds> found;
  ScanOptions outgoing;
  outgoing.keys_only = true;
  outgoing.prefix = "[";
  append_json_string(id, outgoing.prefix);
  outgoing.prefix += ", ";
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it,
                         kvstore_.scan(outgoing, graph_.collections.triplets));
  while (it->next()) {
    QUIPU_ASSIGN_OR_RETURN(TripletIds ids, parse_triplet_key(it->key()));
    found.push_back(std::move(ids));
  }
  QUIPU_RETURN_IF_ERROR(it->status());
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> incoming, incoming_keys(id));
  for (const std::string& key : incoming) {
    QUIPU_ASSIGN_OR_RETURN(TripletIds ids, parse_triplet_key(key));
    if (ids.source != id) found.push_back(std::move(ids));  // else a loop, which was among the outgoing ones
  }
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
  if (ends.empty()) return all_triplets();
  std::vector<TripletIds> found;
  std::unordered_set<std::string> seen;
  std::unordered_set<std::string_view> walked;
  for (const std::string& end : ends) {
    if (!walked.insert(end).second) continue;
    QUIPU_ASSIGN_OR_RETURN(std::vector<TripletIds> of_end, triplets_of(end));
    for (TripletIds& triplet : of_end) {
      if (seen.insert(triplet_key(triplet)).second) found.push_back(std::move(triplet));
    }
  }
  return found;
}

Result<std::vector<Triplet>> TripletReader::load_triplets(std::span<const TripletIds> ids) const {
  constexpr size_t kLoadedAtOnce = 1000;
  std::vector<Triplet> triplets;
  for (size_t begin = 0; begin < ids.size(); begin += kLoadedAtOnce) {
    const auto part = ids.subspan(begin, std::min(kLoadedAtOnce, ids.size() - begin));
    std::unordered_map<std::string_view, size_t> places;
    std::vector<std::string_view> ends;
    std::vector<std::string> keys;
    for (const TripletIds& one : part) {
      for (const std::string* const end : {&one.source, &one.target}) {
        if (places.emplace(*end, ends.size()).second) ends.push_back(*end);
      }
      keys.push_back(relation_key(one));
    }
    const std::vector<std::string_view> relation_keys(keys.begin(), keys.end());
    QUIPU_ASSIGN_OR_RETURN(const auto nodes, kvstore_.multi_get(ends, graph_.collections.nodes));
    QUIPU_ASSIGN_OR_RETURN(auto relations, kvstore_.multi_get(relation_keys, graph_.collections.relations));
    for (size_t i = 0; i < part.size(); ++i) {
      const std::optional<Json>& source = nodes[places.at(part[i].source)];
      const std::optional<Json>& target = nodes[places.at(part[i].target)];
      if (!source || !target) {
        return Status::corruption("property graph: the triplet " + triplet_key(part[i]) + " lacks a node");
      }
      if (!relations[i]) {
        QUIPU_ASSIGN_OR_RETURN(const std::string other_key, relation_key_of(part[i]));
        QUIPU_ASSIGN_OR_RETURN(relations[i], kvstore_.get(other_key, graph_.collections.relations));
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
