// The reading half of KVPropertyGraphStore.

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "engine/layout/storage_layout.h"
#include "engine/stores/graphs/graph_matching.h"
#include "engine/stores/graphs/graph_vectors.h"
#include "quipu/backend/features.h"
#include "quipu/property_graph_store.h"

namespace quipu {
namespace {

// Python's list[:limit].
template <class T>
void cut(std::vector<T>& list, int limit) {
  const auto size = static_cast<int64_t>(list.size());
  const int64_t kept = limit < 0 ? std::max<int64_t>(size + limit, 0) : std::min<int64_t>(size, limit);
  list.erase(list.begin() + kept, list.end());
}

}  // namespace

KVPropertyGraphStore::KVPropertyGraphStore(std::shared_ptr<BaseKVStore> kvstore, std::string_view ns,
                                           std::optional<bool> supports_vector_queries)
    : kvstore_(std::move(kvstore)), supports_vector_queries_(supports_vector_queries) {
  const std::string prefix(ns.empty() ? kPropertyGraphNamespace : ns);
  nodes_ = prefix + "/nodes";
  relations_ = prefix + "/relations";
  triplets_ = prefix + "/triplets";
  state_ = prefix + "/state";
  vectors_ = std::static_pointer_cast<GraphVectors>(
      kvstore_->cache(nodes_, [&] { return std::make_shared<GraphVectors>(prefix); }));
}

std::string KVPropertyGraphStore::triplet_key(const TripletIds& triplet) {
  return quipu::triplet_key(triplet.source, triplet.label, triplet.target);
}

Result<KVPropertyGraphStore::TripletIds> KVPropertyGraphStore::parse_triplet_key(std::string_view key) {
  std::vector<std::string> parts;
  const JsonView array = JsonView::from_canonical(key);
  if (array.is_array()) {
    for (const JsonView part : array.elements()) {
      if (part.is_string()) parts.push_back(part.string());
    }
  }
  if (parts.size() != 3) return Status::corruption("property graph: " + std::string(key) + " is no triplet");
  return TripletIds{std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
}

std::string KVPropertyGraphStore::relation_key(const TripletIds& triplet) {
  return quipu::relation_key(triplet.source, triplet.label, triplet.target);
}

Result<std::string> KVPropertyGraphStore::relation_key_of(const TripletIds& ids) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> value, kvstore_->get(triplet_key(ids), triplets_));
  const std::optional<JsonView> other = value ? value->view().find(kTripletRelationKey) : std::nullopt;
  return other && other->is_string() ? other->string() : relation_key(ids);
}

Result<std::vector<LabelledNode>> KVPropertyGraphStore::get(JsonView properties,
                                                            std::span<const std::string> ids) const {
  const bool by_properties = properties.truthy();
  std::vector<LabelledNode> nodes;
  const auto take = [&](std::string_view key, Json stored) {
    LabelledNode node = LabelledNode::from_stored(std::move(stored), key);
    if (!by_properties || matches_properties(node.properties(), properties)) nodes.push_back(std::move(node));
  };
  if (ids.empty()) {
    ScanOptions in_order;
    in_order.order = ScanOptions::Order::kInsertion;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_->scan(in_order, nodes_));
    while (it->next()) take(it->key(), Json::from_canonical(std::string(it->val().text())));
    QUIPU_RETURN_IF_ERROR(it->status());
    return nodes;
  }
  const std::set<std::string_view> distinct(ids.begin(), ids.end());
  const std::vector<std::string_view> keys(distinct.begin(), distinct.end());
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::optional<Json>> stored, kvstore_->multi_get(keys, nodes_));
  std::vector<std::pair<uint64_t, size_t>> order;
  if (keys.size() > 1) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<uint64_t>> places,
                           kvstore_->insertion_order(keys, nodes_));
    for (size_t i = 0; i < keys.size(); ++i) order.emplace_back(places[i].value_or(UINT64_MAX), i);
    std::ranges::sort(order);
  } else {
    order.emplace_back(0, 0);
  }
  for (const auto& [place, i] : order) {
    if (stored[i]) take(keys[i], *std::move(stored[i]));
  }
  return nodes;
}

Result<std::vector<std::string>> KVPropertyGraphStore::incoming_keys(std::string_view id) const {
  FieldIndex* const index = kvstore_->field_index();
  if (index != nullptr && !id.empty()) return index->keys_with_value(triplets_, id);  // "" is not indexed
  std::vector<std::string> keys;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_->scan({}, triplets_));
  while (it->next()) {
    const std::optional<JsonView> target = it->val().find(kTripletTarget);
    if (target && target->is_string() && target->string() == id) keys.emplace_back(it->key());
  }
  QUIPU_RETURN_IF_ERROR(it->status());
  return keys;
}

Result<std::vector<KVPropertyGraphStore::TripletIds>> KVPropertyGraphStore::triplets_of(
    std::string_view id) const {
  std::vector<TripletIds> found;
  ScanOptions outgoing;
  outgoing.keys_only = true;
  outgoing.prefix = "[";
  append_json_string(id, outgoing.prefix);
  outgoing.prefix += ", ";
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_->scan(outgoing, triplets_));
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

Result<std::vector<KVPropertyGraphStore::TripletIds>> KVPropertyGraphStore::all_triplets() const {
  std::vector<TripletIds> found;
  ScanOptions options;
  options.keys_only = true;
  options.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_->scan(options, triplets_));
  while (it->next()) {
    QUIPU_ASSIGN_OR_RETURN(TripletIds ids, parse_triplet_key(it->key()));
    found.push_back(std::move(ids));
  }
  QUIPU_RETURN_IF_ERROR(it->status());
  return found;
}

// A superset of what the selection picks, as small as the adjacency gives it.
Result<std::vector<KVPropertyGraphStore::TripletIds>> KVPropertyGraphStore::candidates(
    const GraphSelection& selection) const {
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

// Nodes that several triplets share are read once, and all at once.
Result<std::vector<Triplet>> KVPropertyGraphStore::load_triplets(std::span<const TripletIds> ids) const {
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
    QUIPU_ASSIGN_OR_RETURN(const auto nodes, kvstore_->multi_get(ends, nodes_));
    QUIPU_ASSIGN_OR_RETURN(auto relations, kvstore_->multi_get(relation_keys, relations_));
    for (size_t i = 0; i < part.size(); ++i) {
      const std::optional<Json>& source = nodes[places.at(part[i].source)];
      const std::optional<Json>& target = nodes[places.at(part[i].target)];
      if (!source || !target) {
        return Status::corruption("property graph: the triplet " + triplet_key(part[i]) + " lacks a node");
      }
      if (!relations[i]) {
        QUIPU_ASSIGN_OR_RETURN(const std::string other_key, relation_key_of(part[i]));
        QUIPU_ASSIGN_OR_RETURN(relations[i], kvstore_->get(other_key, relations_));
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

Result<bool> KVPropertyGraphStore::supports_vector_queries() const {
  if (supports_vector_queries_) return *supports_vector_queries_;
  return vectors_->entities_hold_vectors(*kvstore_);
}

Result<ScoredNodes> KVPropertyGraphStore::vector_query(const VectorStoreQuery& query) const {
  QUIPU_ASSIGN_OR_RETURN(const VectorStoreQueryResult near, vectors_->query(*kvstore_, query));
  const std::vector<std::string_view> ids(near.ids.begin(), near.ids.end());
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::optional<Json>> stored, kvstore_->multi_get(ids, nodes_));
  ScoredNodes found;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!stored[i]) continue;  // deleted in the meantime
    found.nodes.push_back(LabelledNode::from_stored(*std::move(stored[i]), ids[i]));
    found.similarities.push_back(near.similarities[i]);
  }
  return found;
}

Result<std::vector<Triplet>> KVPropertyGraphStore::get_triplets(const GraphSelection& selection) const {
  if (selection.empty()) return std::vector<Triplet>();
  QUIPU_ASSIGN_OR_RETURN(const std::vector<TripletIds> ids, candidates(selection));
  QUIPU_ASSIGN_OR_RETURN(std::vector<Triplet> found, load_triplets(ids));
  std::erase_if(found, [&](const Triplet& triplet) { return !selects(selection, triplet); });
  return found;
}

Result<std::vector<Triplet>> KVPropertyGraphStore::get_rel_map(
    std::span<const LabelledNode> graph_nodes, int depth, int limit,
    std::span<const std::string> ignore_rels) const {
  std::vector<std::string> ends;
  for (const LabelledNode& node : graph_nodes) ends.push_back(node.id());
  std::vector<TripletIds> found;
  std::unordered_set<std::string> seen;  // the first step's are not in it
  const auto enough = [&] { return limit >= 0 && found.size() >= static_cast<size_t>(limit); };
  for (int step = 0; step < depth && !ends.empty() && !enough(); ++step) {
    std::unordered_set<std::string> of_step;
    std::unordered_set<std::string> walked;
    std::vector<std::string> next;
    for (const std::string& end : ends) {
      if (enough()) break;
      if (!walked.insert(end).second) continue;
      QUIPU_ASSIGN_OR_RETURN(std::vector<TripletIds> triplets, triplets_of(end));
      for (TripletIds& ids : triplets) {
        std::string key = triplet_key(ids);
        if (!of_step.insert(key).second || (step > 0 && !seen.insert(std::move(key)).second)) continue;
        next.push_back(ids.target);
        if (std::ranges::find(ignore_rels, ids.label) == ignore_rels.end()) found.push_back(std::move(ids));
      }
    }
    ends = std::move(next);
  }
  cut(found, limit);
  return load_triplets(found);
}

Result<Json> KVPropertyGraphStore::get_schema(bool /*refresh*/) const {
  std::set<std::string> labels;
  std::set<std::string> relations;
  std::set<std::string> properties;
  for (const std::string& collection : {nodes_, relations_}) {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_->scan({}, collection));
    while (it->next()) {
      const std::optional<JsonView> label = it->val().find("label");
      if (label) (collection == nodes_ ? labels : relations).emplace(label->text());
      const std::optional<JsonView> pairs = it->val().find("properties");
      if (!pairs || !pairs->is_object()) continue;
      for (const JsonMember& member : pairs->members()) properties.emplace(member.raw_key);
    }
    QUIPU_RETURN_IF_ERROR(it->status());
  }
  std::string text = "{";
  for (const auto& [name, list] : {std::pair("labels", &labels), std::pair("relations", &relations),
                                   std::pair("properties", &properties)}) {
    text += (text.size() > 1 ? ", \"" : "\"") + std::string(name) + "\": [";
    for (const std::string& element : *list) text += (text.back() == '[' ? "" : ", ") + element;
    text += "]";
  }
  return Json::from_canonical(text + "}");
}

}  // namespace quipu
