#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "engine/stores/one_moment.h"
#include "engine/stores/stored_forms.h"
#include "quipu/graph_store.h"
#include "quipu/labelled_node.h"
#include "quipu/persist_dir.h"
#include "quipu/property_graph_store.h"

namespace quipu {
namespace {

using ReportFault = std::function<void(const InvariantFault&)>;

// The strings of an array of nothing else; empty for anything else.
std::vector<std::string> strings_of(JsonView array) {
  std::vector<std::string> strings;
  if (!array.is_array()) return strings;
  for (const JsonView element : array.elements()) {
    if (!element.is_string()) return {};
    strings.push_back(element.string());
  }
  return strings;
}

Status check_graph(const KVReader& store, const std::string& collection, const ReportFault& report) {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan({}, collection));
  while (it->next()) {
    const std::optional<JsonView> edges = it->val().find(kEdges);
    bool well_formed = edges && edges->is_array();
    if (well_formed) {
      for (const JsonView edge : edges->elements()) well_formed = well_formed && strings_of(edge).size() == 2;
    }
    if (!well_formed) {
      report({collection, std::string(it->key()), "not a list of [relation, object] pairs of strings"});
    }
  }
  return it->status();
}

// The check of one property graph.
class PropertyGraphCheck {
 public:
  PropertyGraphCheck(const KVReader& store, const std::string& ns, const ReportFault& report)
      : store_(store),
        nodes_(ns + "/" + std::string(kNodes)),
        relations_(ns + "/" + std::string(kRelations)),
        triplets_(ns + "/" + std::string(kTriplets)),
        report_(report) {}

  Status run() {
    QUIPU_RETURN_IF_ERROR(for_each(nodes_, [this](std::string_view id, JsonView node) {
      const Result<LabelledNode> parsed = LabelledNode::from_json(node);
      if (!parsed) fault(nodes_, id, "not a node: " + parsed.error().message());
      return Status::ok();
    }));
    QUIPU_RETURN_IF_ERROR(for_each(triplets_, [this](auto key, auto value) { return triplet(key, value); }));
    return for_each(relations_, [this](auto key, auto value) { return relation(key, value); });
  }

 private:
  void fault(const std::string& collection, std::string_view key, std::string message) const {
    report_({collection, std::string(key), std::move(message)});
  }
  template <class Check>
  Status for_each(const std::string& collection, const Check& check) const {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store_.scan({}, collection));
    while (it->next()) QUIPU_RETURN_IF_ERROR(check(it->key(), it->val()));
    return it->status();
  }

  Status triplet(std::string_view key, JsonView value) const {
    const Result<Json> array = Json::parse(key);
    const std::vector<std::string> ids = array ? strings_of(*array) : std::vector<std::string>();
    const std::optional<JsonView> target = value.find(kTripletTarget);
    if (ids.size() != 3 || !target || !target->is_string() || target->string() != ids[2]) {
      fault(triplets_, key, "not a triplet of three ids with its target");
      return Status::ok();
    }
    for (const size_t end : {0, 2}) {
      QUIPU_ASSIGN_OR_RETURN(const bool there, store_.exists(ids[end], nodes_));
      if (!there) fault(triplets_, key, "there is no node " + Json::from_string(ids[end]).text());
    }
    const std::optional<JsonView> other = value.find(kTripletRelationKey);
    const std::string of_relation =
        other && other->is_string() ? other->string() : relation_key(ids[0], ids[1], ids[2]);
    // With more underscores than two, another triplet may have had the same key, and taken it along.
    const bool shared = std::ranges::count(of_relation, '_') > 2;
    QUIPU_ASSIGN_OR_RETURN(const bool there, store_.exists(of_relation, relations_));
    if (!there && !shared) fault(triplets_, key, "there is no relation " + of_relation);
    return Status::ok();
  }

  Status relation(std::string_view key, JsonView value) const {
    const Result<Relation> parsed = Relation::from_json(value);
    if (!parsed) {
      fault(relations_, key, "not a relation: " + parsed.error().message());
      return Status::ok();
    }
    for (const std::string& source : {parsed->source_id(), entity_id(parsed->source_id())}) {
      for (const std::string& target : {parsed->target_id(), entity_id(parsed->target_id())}) {
        QUIPU_ASSIGN_OR_RETURN(const bool there,
                               store_.exists(triplet_key(source, parsed->label(), target), triplets_));
        if (there) return Status::ok();
      }
    }
    fault(relations_, key, "the relation is in no triplet");
    return Status::ok();
  }

  const KVReader& store_;
  const std::string nodes_;
  const std::string relations_;
  const std::string triplets_;
  const ReportFault& report_;
};

}  // namespace

Status verify_graph_stores(const BaseKVStore& store, const ReportFault& report) {
  return read_at_one_moment(store, [&](const KVReader& state) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, state.collections());
    std::set<std::string> property_graphs;
    for (const CollectionInfo& info : infos) {
      if (info.persist_file == GRAPH_STORE_PERSIST_FNAME) {
        QUIPU_RETURN_IF_ERROR(check_graph(state, info.name, report));
      } else if (info.persist_file == PG_STORE_PERSIST_FNAME) {
        property_graphs.insert(info.name.substr(0, info.name.rfind('/')));
      }
    }
    for (const std::string& ns : property_graphs) {
      QUIPU_RETURN_IF_ERROR(PropertyGraphCheck(state, ns, report).run());
    }
    return Status::ok();
  });
}

}  // namespace quipu
