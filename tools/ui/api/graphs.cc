// Graphs: their entities by key, and what is around one of them.

#include <map>
#include <set>
#include <span>
#include <vector>

#include "quipu/graph_store.h"
#include "quipu/property_graph_store.h"
#include "tools/ui/api/json.h"
#include "tools/ui/api/page.h"
#include "tools/ui/api/table.h"

namespace quipu::ui {
namespace {

constexpr uint64_t kMostSteps = 4;
constexpr uint64_t kMostTriplets = 300;

// The nodes and edges of an answer, each once.
class Picture {
 public:
  void add_node(const std::string& id, const std::string& label, std::string_view properties) {
    if (!places_.emplace(id, nodes_.size()).second) return;
    JsonText row;
    row.add_key(id).add("label", label);
    add_beginning(row, "properties", properties, kPreviewBytes);
    nodes_.push_back(row.object());
  }
  // REQUIRES: both ends have been added.
  void add_edge(const std::string& source, const std::string& label, const std::string& target) {
    if (!edges_seen_.emplace(source, label, target).second) return;
    JsonText row;
    row.add("source", uint64_t{places_.at(source)}).add("label", label);
    edges_.push_back(row.add("target", uint64_t{places_.at(target)}).object());
  }
  bool empty() const { return nodes_.empty(); }
  std::string json(bool cut) const {
    JsonText answer;
    answer.add_raw("nodes", JsonText::array(nodes_)).add_raw("edges", JsonText::array(edges_));
    return answer.add("cut", cut).object();
  }

 private:
  std::map<std::string, size_t> places_;
  std::set<std::tuple<std::string, std::string, std::string>> edges_seen_;
  std::vector<std::string> nodes_;
  std::vector<std::string> edges_;
};

struct Walk {
  std::string id;
  int steps = 1;
  int triplets = 60;
};

Result<std::string> property_neighbours(BaseKVStore& store, const Walk& walk) {
  const KVPropertyGraphStore graph(unowned(store));
  QUIPU_ASSIGN_OR_RETURN(const std::vector<LabelledNode> nodes, graph.get({}, std::span(&walk.id, 1)));
  if (nodes.empty()) return Status::not_found("there is no entity of this id");
  QUIPU_ASSIGN_OR_RETURN(const std::vector<Triplet> triplets,
                         graph.get_rel_map(nodes, walk.steps, walk.triplets));
  Picture picture;
  const auto add = [&](const LabelledNode& node) {
    picture.add_node(node.id(), node.label(), node.properties().text());
  };
  add(nodes.front());
  for (const Triplet& triplet : triplets) {
    add(triplet.source);
    add(triplet.target);
    picture.add_edge(triplet.source.id(), triplet.relation.label(), triplet.target.id());
  }
  return picture.json(triplets.size() >= static_cast<size_t>(walk.triplets));
}

Result<std::string> simple_neighbours(BaseKVStore& store, const Walk& walk) {
  const KVGraphStore graph(unowned(store));
  QUIPU_ASSIGN_OR_RETURN(const bool there, store.exists(walk.id, graph.collection()));
  if (!there) return Status::not_found("there is no subject of this name");
  QUIPU_ASSIGN_OR_RETURN(const GraphRelMap map,
                         graph.get_rel_map(std::span(&walk.id, 1), walk.steps, walk.triplets));
  Picture picture;
  picture.add_node(walk.id, "", "{}");
  size_t count = 0;
  for (const auto& [subject, triplets] : map) {
    count += triplets.size();
    for (const GraphTriplet& triplet : triplets) {
      picture.add_node(triplet.subj, "", "{}");
      picture.add_node(triplet.obj, "", "{}");
      picture.add_edge(triplet.subj, triplet.rel, triplet.obj);
    }
  }
  return picture.json(count >= static_cast<size_t>(walk.triplets));
}

Result<bool> is_property_graph(const Params& params) {
  const std::string graph = params.get("graph");
  if (graph == "property") return true;
  if (graph == "simple") return false;
  return Status::invalid_argument("graph must be simple or property");
}

}  // namespace

Result<std::string> get_entities(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const bool property, is_property_graph(params));
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  if (!property) {
    return page_of(*store, "graph_store/data", params, Values::kLeft,
                   [](std::string_view key, JsonView) -> Result<std::string> {
                     return JsonText().add_key(key).object();
                   });
  }
  return page_of(*store, "property_graph_store/nodes", params, Values::kRead,
                 [](std::string_view key, JsonView value) -> Result<std::string> {
                   const auto label = value.find("label");
                   JsonText row;
                   row.add_key(key).add("label", label && label->is_string() ? label->string() : "");
                   return row.add("chunk", value.find("text").has_value()).object();
                 });
}

Result<std::string> get_neighbours(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const bool property, is_property_graph(params));
  Walk walk;
  QUIPU_ASSIGN_OR_RETURN(walk.id, params.required_bytes("id"));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t steps, params.number("steps", 1, kMostSteps));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t triplets, params.number("limit", 60, kMostTriplets));
  walk.steps = static_cast<int>(steps);
  walk.triplets = static_cast<int>(triplets);
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  return property ? property_neighbours(*store, walk) : simple_neighbours(*store, walk);
}

}  // namespace quipu::ui
