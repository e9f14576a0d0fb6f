#include "engine/stores/graphs/graph_reader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "engine/kv/consistent_view.h"
#include "engine/stores/graphs/graph_matching.h"
#include "engine/stores/saved_dict.h"

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

Result<std::vector<LabelledNode>> GraphReader::get(JsonView properties,
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
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it,
                           kvstore_.scan(in_order, graph_.collections.nodes));
    while (it->next()) take(it->key(), Json::from_canonical(std::string(it->val().text())));
    QUIPU_RETURN_IF_ERROR(it->status());
    return nodes;
  }
  const std::set<std::string_view> distinct(ids.begin(), ids.end());
  const std::vector<std::string_view> keys(distinct.begin(), distinct.end());
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::optional<Json>> stored,
                         kvstore_.multi_get(keys, graph_.collections.nodes));
  std::vector<std::pair<uint64_t, size_t>> order;
  if (keys.size() > 1) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<uint64_t>> places,
                           kvstore_.insertion_order(keys, graph_.collections.nodes));
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

Result<bool> GraphReader::supports_vector_queries() const {
  if (graph_.supports_vector_queries) return *graph_.supports_vector_queries;
  return graph_.vectors->entities_hold_vectors(kvstore_);
}

Result<ScoredNodes> GraphReader::vector_query(const VectorStoreQuery& query) const {
  QUIPU_ASSIGN_OR_RETURN(const VectorStoreQueryResult near, graph_.vectors->query(kvstore_, query));
  const std::vector<std::string_view> ids(near.ids.begin(), near.ids.end());
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::optional<Json>> stored,
                         kvstore_.multi_get(ids, graph_.collections.nodes));
  ScoredNodes found;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!stored[i]) continue;  // deleted in the meantime
    found.nodes.push_back(LabelledNode::from_stored(*std::move(stored[i]), ids[i]));
    found.similarities.push_back(near.similarities[i]);
  }
  return found;
}

Result<std::vector<Triplet>> GraphReader::get_triplets(const GraphSelection& selection) const {
  if (selection.empty()) return std::vector<Triplet>();
  QUIPU_ASSIGN_OR_RETURN(const std::vector<TripletIds> ids, triplets_.candidates(selection));
  QUIPU_ASSIGN_OR_RETURN(std::vector<Triplet> found, triplets_.load_triplets(ids));
  std::erase_if(found, [&](const Triplet& triplet) { return !selects(selection, triplet); });
  return found;
}

Result<std::vector<Triplet>> GraphReader::get_rel_map(std::span<const LabelledNode> graph_nodes, int depth,
                                                      int limit,
                                                      std::span<const std::string> ignore_rels) const {
  std::vector<std::string> ends;
  for (const LabelledNode& node : graph_nodes) ends.push_back(node.id());
  std::vector<TripletIds> found;
  std::unordered_set<std::string> seen;  // the first step's are not in it
  const auto enough = [&] { return limit >= 0 && found.size() >= static_cast<size_t>(limit); };
  for (int step = 0; step < depth && !ends.empty() && !enough(); ++step) {
    std::unordered_set<std::string_view> walked;
    std::vector<std::string> nodes;
    nodes.reserve(ends.size());  // what is walked stays in its place
    for (std::string& end : ends) {
      if (walked.contains(end)) continue;
      walked.insert(nodes.emplace_back(std::move(end)));
    }
    // Of a node's triplets only those that were seen before, or at another node of this step, do not count.
    const bool all_count = limit >= 0 && ignore_rels.empty();
    const uint64_t wanted = all_count ? static_cast<size_t>(limit) - found.size() + seen.size() : 0;
    std::unordered_set<std::string> of_step;
    std::vector<std::string> next;
    QUIPU_RETURN_IF_ERROR(triplets_.for_each_node(nodes, wanted, [&](std::vector<TripletIds> triplets) {
      for (TripletIds& ids : triplets) {
        std::string key = triplet_key(ids);
        if (!of_step.insert(key).second || (step > 0 && !seen.insert(std::move(key)).second)) continue;
        next.push_back(ids.target);
        if (std::ranges::find(ignore_rels, ids.label) == ignore_rels.end()) found.push_back(std::move(ids));
      }
      return !enough();
    }));
    ends = std::move(next);
  }
  cut(found, limit);
  return triplets_.load_triplets(found);
}

Result<Json> GraphReader::get_schema() const {
  std::set<std::string> labels;
  std::set<std::string> relations;
  std::set<std::string> properties;
  for (const std::string& collection : {graph_.collections.nodes, graph_.collections.relations}) {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_.scan({}, collection));
    while (it->next()) {
      const std::optional<JsonView> label = it->val().find("label");
      if (label) (collection == graph_.collections.nodes ? labels : relations).emplace(label->text());
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

Result<Json> GraphReader::to_dict() const {
  std::string text = "{\"nodes\": ";
  QUIPU_RETURN_IF_ERROR(read_consistent_view(kvstore_, [&](const KVReader& state) -> Status {
    QUIPU_RETURN_IF_ERROR(append_collection(state, graph_.collections.nodes, "", text));
    text += ", \"relations\": ";
    QUIPU_RETURN_IF_ERROR(append_collection(state, graph_.collections.relations, "", text));
    text += ", \"triplets\": [";
    ScanOptions options;
    options.keys_only = true;
    options.order = ScanOptions::Order::kInsertion;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it,
                           state.scan(options, graph_.collections.triplets));
    while (it->next()) {
      QUIPU_ASSIGN_OR_RETURN(const TripletIds ids, parse_triplet_key(it->key()));
      if (text.back() != '[') text += ", ";
      text += triplet_key(ids);
    }
    return it->status();
  }));
  return Json::from_canonical(text + "]}");
}

}  // namespace quipu
