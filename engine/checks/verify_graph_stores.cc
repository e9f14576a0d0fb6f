#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/checks/store_faults.h"
#include "engine/layout/storage_layout.h"
#include "quipu/graph_store.h"
#include "quipu/node.h"
#include "quipu/property_graph_store.h"

namespace quipu {
namespace {

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

Status check_graph(const KVReader& store, const std::string& collection, const TakeFault& take) {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan({}, collection));
  while (it->next()) {
    const std::optional<JsonView> edges = it->val().find(kEdges);
    bool well_formed = edges && edges->is_array();
    if (well_formed) {
      for (const JsonView edge : edges->elements()) well_formed = well_formed && strings_of(edge).size() == 2;
    }
    if (!well_formed) {
      QUIPU_RETURN_IF_ERROR(
          take(quarantine_fault(collection, it->key(), "not a list of [relation, object] pairs of strings")));
    }
  }
  return it->status();
}

// The check of one property graph.
class PropertyGraphCheck {
 public:
  PropertyGraphCheck(const KVReader& store, const std::string& ns, const TakeFault& take)
      : store_(store),
        nodes_(graph_collection(ns, kNodes)),
        relations_(graph_collection(ns, kRelations)),
        triplets_(graph_collection(ns, kTriplets)),
        state_(graph_collection(ns, kGraphState)),
        take_(take) {}

  Status run() {
    QUIPU_RETURN_IF_ERROR(for_each(nodes_, [this](std::string_view id, JsonView node) {
      const Result<LabelledNode> parsed = LabelledNode::from_json(node);
      return parsed ? Status::ok() : bad(nodes_, id, "not a node: " + parsed.error().message());
    }));
    QUIPU_RETURN_IF_ERROR(for_each(triplets_, [this](auto key, auto value) { return triplet(key, value); }));
    QUIPU_RETURN_IF_ERROR(look_up_triplets());
    QUIPU_RETURN_IF_ERROR(
        for_each(relations_, [this](auto key, auto value) { return relation(key, value); }));
    QUIPU_RETURN_IF_ERROR(look_up_relations());
    return for_each(state_, [this](std::string_view key, JsonView value) {
      const JsonView recorded = value.find("value").value_or(JsonView());
      const bool known = key == kSupportsVectorQueries && recorded.kind() == JsonKind::kBool;
      return known ? Status::ok() : bad(state_, key, "not a record of whether vector queries are answered");
    });
  }

 private:
  static constexpr size_t kLookedUpAtOnce = 500;
  struct SeenTriplet {
    std::string key;
    std::vector<std::string> ids;
    std::string of_relation;
  };
  struct SeenRelation {
    std::string key;
    Relation relation;
  };

  Status bad(const std::string& collection, std::string_view key, std::string message) const {
    return take_(quarantine_fault(collection, key, std::move(message)));
  }
  template <class Check>
  Status for_each(const std::string& collection, const Check& check) const {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store_.scan({}, collection));
    while (it->next()) QUIPU_RETURN_IF_ERROR(check(it->key(), it->val()));
    return it->status();
  }

  Result<std::vector<bool>> exist(const std::vector<std::string>& keys, const std::string& collection) const {
    return store_.keys_exist(std::vector<std::string_view>(keys.begin(), keys.end()), collection);
  }

  Status triplet(std::string_view key, JsonView value) {
    const Result<Json> array = Json::parse(key);
    const std::vector<std::string> ids = array ? strings_of(*array) : std::vector<std::string>();
    const std::optional<JsonView> target = value.find(kTripletTarget);
    if (ids.size() != 3) return bad(triplets_, key, "not a triplet of three ids with its target");
    if (!target || !target->is_string() || target->string() != ids[2]) return no_target(key, ids);
    const std::optional<JsonView> other = value.find(kTripletRelationKey);
    seen_triplets_.push_back(
        {std::string(key), ids,
         other && other->is_string() ? other->string() : relation_key(ids[0], ids[1], ids[2])});
    return seen_triplets_.size() < kLookedUpAtOnce ? Status::ok() : look_up_triplets();
  }

  Status look_up_triplets() {
    const std::vector<SeenTriplet> triplets = std::exchange(seen_triplets_, {});
    std::vector<std::string> ends;
    std::vector<std::string> relations;
    for (const SeenTriplet& each : triplets) {
      ends.push_back(each.ids[0]);
      ends.push_back(each.ids[2]);
      relations.push_back(each.of_relation);
    }
    QUIPU_ASSIGN_OR_RETURN(const std::vector<bool> has_end, exist(ends, nodes_));
    QUIPU_ASSIGN_OR_RETURN(const std::vector<bool> has_relation, exist(relations, relations_));
    for (size_t i = 0; i < triplets.size(); ++i) {
      const std::string& key = triplets[i].key;
      if (!has_end[2 * i] || !has_end[2 * i + 1]) {
        const std::string& end = ends[has_end[2 * i] ? 2 * i + 1 : 2 * i];
        QUIPU_RETURN_IF_ERROR(bad(triplets_, key, "there is no node " + Json::from_string(end).text()));
        continue;
      }
      // With more underscores than two, another triplet may have had the same key, and taken it along.
      const bool shared = std::ranges::count(relations[i], '_') > 2;
      if (has_relation[i] || shared) continue;
      QUIPU_RETURN_IF_ERROR(bad(triplets_, key, "there is no relation " + relations[i]));
    }
    return Status::ok();
  }

  // The key has all that the value should say, unless the relation is under another key; then the relation
  // makes the triplet anew.
  Status no_target(std::string_view key, const std::vector<std::string>& ids) const {
    return take_(
        {{{triplets_, std::string(key), "not a triplet of three ids with its target"},
          "target taken from the key"},
         [&](StoreRepairWriter& writer) { return writer.put(triplets_, key, triplet_value(ids[2])); }});
  }

  Status relation(std::string_view key, JsonView value) {
    Result<Relation> parsed = Relation::from_json(value);
    if (!parsed) return bad(relations_, key, "not a relation: " + parsed.error().message());
    seen_relations_.push_back({std::string(key), *std::move(parsed)});
    return seen_relations_.size() < kLookedUpAtOnce ? Status::ok() : look_up_relations();
  }

  Status look_up_relations() {
    const std::vector<SeenRelation> relations = std::exchange(seen_relations_, {});
    std::vector<std::string> triplets;
    for (const auto& [key, relation] : relations) {
      triplets.push_back(triplet_key(relation.source_id(), relation.label(), relation.target_id()));
    }
    QUIPU_ASSIGN_OR_RETURN(const std::vector<bool> in_triplet, exist(triplets, triplets_));
    for (size_t i = 0; i < relations.size(); ++i) {
      if (!in_triplet[i]) QUIPU_RETURN_IF_ERROR(find_triplet(relations[i].key, relations[i].relation));
    }
    return Status::ok();
  }

  // Of a relation that is in no triplet of the ids that it names.
  Status find_triplet(const std::string& key, const Relation& relation) const {
    std::optional<std::pair<std::string, std::string>> ends;  // of the triplet that could be
    for (const std::string& source : {relation.source_id(), entity_id(relation.source_id())}) {
      for (const std::string& target : {relation.target_id(), entity_id(relation.target_id())}) {
        QUIPU_ASSIGN_OR_RETURN(const bool there,
                               store_.exists(triplet_key(source, relation.label(), target), triplets_));
        if (there) return Status::ok();
        QUIPU_ASSIGN_OR_RETURN(const bool has_source, store_.exists(source, nodes_));
        QUIPU_ASSIGN_OR_RETURN(const bool has_target, store_.exists(target, nodes_));
        if (has_source && has_target) ends = {source, target};
      }
    }
    const std::string message = "the relation is in no triplet";
    if (!ends) return bad(relations_, key, message);
    const std::string source = ends->first;
    const std::string target = ends->second;
    const std::string other = key == relation_key(source, relation.label(), target) ? "" : key;
    return take_({{{relations_, key, message}, "entered in the triplets"}, [&](StoreRepairWriter& writer) {
                    return writer.put(triplets_, triplet_key(source, relation.label(), target),
                                      triplet_value(target, other));
                  }});
  }

  const KVReader& store_;
  const std::string nodes_;
  const std::string relations_;
  const std::string triplets_;
  const std::string state_;
  const TakeFault& take_;
  std::vector<SeenTriplet> seen_triplets_;
  std::vector<SeenRelation> seen_relations_;
};

}  // namespace

Status find_graph_faults(const KVReader& store, const std::vector<CollectionInfo>& infos,
                         const TakeFault& take) {
  std::set<std::string> property_graphs;
  for (const CollectionInfo& info : infos) {
    if (info.persist_file == GRAPH_STORE_PERSIST_FNAME) {
      QUIPU_RETURN_IF_ERROR(check_graph(store, info.name, take));
    } else if (info.persist_file == PG_STORE_PERSIST_FNAME) {
      property_graphs.insert(info.name.substr(0, info.name.rfind('/')));
    }
  }
  for (const std::string& ns : property_graphs) {
    QUIPU_RETURN_IF_ERROR(PropertyGraphCheck(store, ns, take).run());
  }
  return Status::ok();
}

}  // namespace quipu
