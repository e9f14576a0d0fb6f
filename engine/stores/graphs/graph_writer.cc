#include "engine/stores/graphs/graph_writer.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "engine/stores/graphs/graph_matching.h"
#include "quipu/backend/key_locks.h"

namespace quipu {
namespace {

// Whether an entity of this name has it as its id: entity_id() is the same.
bool is_entity_id(std::string_view name) { return name.find('"') == std::string_view::npos; }

// The ids under which the node that a relation names may be: its own, and that of an entity of this name.
std::vector<std::string> ids_for(const std::string& id) {
  if (is_entity_id(id)) return {id};
  return {id, entity_id(id)};
}

// What is read at once of many triplets.
std::vector<std::span<const TripletIds>> parts_of(std::span<const TripletIds> triplets) {
  constexpr size_t kAtOnce = 1000;
  std::vector<std::span<const TripletIds>> parts;
  for (size_t begin = 0; begin < triplets.size(); begin += kAtOnce) {
    parts.push_back(triplets.subspan(begin, std::min(kAtOnce, triplets.size() - begin)));
  }
  return parts;
}

Status malformed(std::string_view what) {
  return Status::invalid_argument("property graph: " + std::string(what));
}

// A member that is an object; an absent one is empty.
Result<JsonView> object_member(JsonView dict, std::string_view name) {
  const std::optional<JsonView> member = dict.find(name);
  if (!member) return malformed("there is no \"" + std::string(name) + "\"");
  if (!member->is_object()) return malformed("\"" + std::string(name) + "\" is not an object");
  return *member;
}

}  // namespace

// And records how the graph keeps embeddings.
Status GraphWriter::declare_collections() const {
  static const CollectionOptions plain{std::string(PG_STORE_PERSIST_FNAME), ""};
  static const CollectionOptions of_triplets{plain.persist_file, std::string(kTripletTarget)};
  QUIPU_RETURN_IF_ERROR(kvstore_.declare_collection(graph_.collections.state, plain));
  QUIPU_RETURN_IF_ERROR(kvstore_.declare_collection(graph_.collections.nodes, plain));
  QUIPU_RETURN_IF_ERROR(kvstore_.declare_collection(graph_.collections.relations, plain));
  QUIPU_RETURN_IF_ERROR(kvstore_.declare_collection(graph_.collections.triplets, of_triplets));
  return graph_.vectors->record(kvstore_, graph_.supports_vector_queries);
}

Status GraphWriter::upsert_nodes(std::span<const LabelledNode> nodes) const {
  if (nodes.empty()) return Status::ok();
  QUIPU_RETURN_IF_ERROR(declare_collections());
  WriteBatch batch;
  std::vector<std::string> ids;
  for (const LabelledNode& node : nodes) {
    batch.put(graph_.collections.nodes, node.id(), node.to_json());
    ids.push_back(node.id());
  }
  return write(batch, nullptr, ids);
}

Status GraphWriter::write(const WriteBatch& batch, KeyLocks* locks,
                          const std::vector<std::string>& nodes) const {
  QUIPU_ASSIGN_OR_RETURN(const KnownVersion::Version before, graph_.vectors->version(kvstore_));
  QUIPU_RETURN_IF_ERROR(kvstore_.write(batch, {.held = locks}));
  if (locks != nullptr) locks->release();
  const LockedCache locked(graph_.vectors);
  graph_.vectors->written(kvstore_, batch, before, nodes);
  return Status::ok();
}

// A relation that is written, and the ids and keys that it is written under.
struct GraphWriter::RelationWrite {
  explicit RelationWrite(const Relation& relation) : relation(relation) {
    if (is_entity_id(relation.source_id()) && is_entity_id(relation.target_id()))
      settle(relation.source_id(), relation.target_id());
  }
  // The ids of its nodes, which live as long as this.
  void settle(std::string_view source_id, std::string_view target_id) {
    source = source_id;
    target = target_id;
    triplet_key = quipu::triplet_key(source, relation.label(), target);
    key_of_ids = relation_key(source, relation.label(), target);
  }
  bool is_settled() const { return !triplet_key.empty(); }
  const std::string& key() const { return other_key.empty() ? key_of_ids : other_key; }
  void set_key(std::string key) {
    if (key != key_of_ids) other_key = std::move(key);
  }

  const Relation& relation;
  std::string_view source;
  std::string_view target;
  std::string triplet_key;
  std::string key_of_ids;
  std::string other_key;  // that the relation is under, if any
  Json triplet;
};

// Of the relations that are not settled the ids of the nodes that they name: of those that are stored, else
// of entities to be made. The writes view them.
Result<GraphWriter::NodeIds> GraphWriter::settle(std::span<RelationWrite> writes) const {
  NodeIds ids;
  std::vector<std::string_view> names;
  for (const RelationWrite& write : writes) {
    if (write.is_settled()) continue;
    for (const std::string* const name : {&write.relation.source_id(), &write.relation.target_id()}) {
      if (!is_entity_id(*name) && ids.emplace(*name, entity_id(*name)).second) names.push_back(*name);
    }
  }
  if (names.empty()) return Result<NodeIds>(std::move(ids));
  QUIPU_ASSIGN_OR_RETURN(auto stored, kvstore_.multi_get(names, graph_.collections.nodes));
  for (size_t i = 0; i < names.size(); ++i) {
    if (stored[i]) ids[names[i]] = LabelledNode::from_stored(*std::move(stored[i]), names[i]).id();
  }
  const auto id_of = [&](const std::string& name) -> std::string_view {
    const auto found = ids.find(name);
    return found == ids.end() ? name : found->second;
  };
  for (RelationWrite& write : writes) {
    if (!write.is_settled())
      write.settle(id_of(write.relation.source_id()), id_of(write.relation.target_id()));
  }
  return Result<NodeIds>(std::move(ids));
}

Result<KeyLocks> GraphWriter::lock(std::span<const RelationWrite> writes) const {
  LockSet keys;
  const auto add = [&](std::string_view source, std::string_view target, std::string_view relation,
                       std::string_view triplet) {
    keys.add(graph_.collections.nodes, source);
    keys.add(graph_.collections.nodes, target);
    keys.add(graph_.collections.relations, relation);
    keys.add(graph_.collections.triplets, triplet);
  };
  for (const RelationWrite& write : writes) {
    if (write.is_settled()) {
      add(write.source, write.target, write.key_of_ids, write.triplet_key);
      continue;
    }
    const Relation& relation = write.relation;
    for (const std::string& source : ids_for(relation.source_id())) {
      for (const std::string& target : ids_for(relation.target_id())) {
        add(source, target, relation_key(source, relation.label(), target),
            triplet_key(source, relation.label(), target));
      }
    }
  }
  return kvstore_.lock(keys);
}

Status GraphWriter::upsert_relations(std::span<const Relation> relations) const {
  if (relations.empty()) return Status::ok();
  QUIPU_RETURN_IF_ERROR(declare_collections());
  std::vector<RelationWrite> writes(relations.begin(), relations.end());
  QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, lock(writes));
  QUIPU_ASSIGN_OR_RETURN(const NodeIds ids, settle(writes));
  QUIPU_RETURN_IF_ERROR(find_keys(writes));
  QUIPU_ASSIGN_OR_RETURN(NodeSet nodes, find_ends(writes));
  WriteBatch batch;
  for (RelationWrite& write : writes) {
    make_ends(write, nodes, batch);
    write.triplet = triplet_value(write.target, write.other_key);
    batch.add_view(
        {&WriteOp::kPut, graph_.collections.relations, write.key(), write.relation.to_json().text()});
    batch.add_view({&WriteOp::kPut, graph_.collections.triplets, write.triplet_key, write.triplet.text()});
  }
  return kvstore_.write(batch, {.held = &locks});
}

// The key of each relation: that of the triplet where it is stored, or comes earlier among these.
Status GraphWriter::find_keys(std::span<RelationWrite> writes) const {
  std::unordered_map<std::string_view, size_t> places;
  std::vector<std::string_view> triplets;
  for (const RelationWrite& write : writes) {
    if (places.emplace(write.triplet_key, triplets.size()).second) triplets.push_back(write.triplet_key);
  }
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<Json>> stored,
                         kvstore_.multi_get(triplets, graph_.collections.triplets));
  std::vector<const RelationWrite*> first(triplets.size());
  for (RelationWrite& write : writes) {
    const size_t place = places.at(write.triplet_key);
    const Relation& relation = write.relation;
    if (first[place] != nullptr) {
      write.other_key = first[place]->other_key;
      continue;
    }
    first[place] = &write;
    if (stored[place]) {
      const TripletIds ids{std::string(write.source), relation.label(), std::string(write.target)};
      write.set_key(TripletReader::relation_key_of(ids, *stored[place]));
    } else if (write.source != relation.source_id() || write.target != relation.target_id()) {
      write.set_key(relation_key(relation.source_id(), relation.label(), relation.target_id()));
    }
  }
  return Status::ok();
}

// The ids at the ends of relations under which there is a node.
Result<GraphWriter::NodeSet> GraphWriter::find_ends(std::span<const RelationWrite> writes) const {
  NodeSet nodes;
  std::vector<std::string_view> ids;
  for (const RelationWrite& write : writes) {
    for (const std::string_view id : {write.source, write.target}) {
      if (nodes.insert(id).second) ids.push_back(id);
    }
  }
  QUIPU_ASSIGN_OR_RETURN(const std::vector<bool> exist, kvstore_.keys_exist(ids, graph_.collections.nodes));
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!exist[i]) nodes.erase(ids[i]);
  }
  return nodes;
}

// Makes the entities at a relation's ends that are not there. One whose name is not its id is stored under
// both, as the reference stores it.
void GraphWriter::make_ends(const RelationWrite& write, NodeSet& nodes, WriteBatch& batch) const {
  const std::array<std::pair<std::string_view, std::string_view>, 2> ends = {
      {{write.relation.source_id(), write.source}, {write.relation.target_id(), write.target}}};
  std::array<bool, 2> missing{};
  for (size_t i = 0; i < ends.size(); ++i) {
    const auto& [name, id] = ends[i];
    missing[i] = nodes.insert(id).second;
    if (missing[i]) batch.put(graph_.collections.nodes, name, LabelledNode::entity(name).to_json());
  }
  for (size_t i = 0; i < ends.size(); ++i) {
    const auto& [name, id] = ends[i];
    if (missing[i] && id != name)
      batch.put(graph_.collections.nodes, id, LabelledNode::entity(name).to_json());
  }
}

// The nodes that the selection names, sorted, and those whose properties match.
Result<std::vector<std::string>> GraphWriter::selected_nodes(const GraphSelection& selection) const {
  std::set<std::string> nodes;
  std::vector<std::string_view> named;
  for (const std::vector<std::string>* ids : {&selection.entity_names, &selection.ids}) {
    named.insert(named.end(), ids->begin(), ids->end());
  }
  QUIPU_ASSIGN_OR_RETURN(const std::vector<bool> exist, kvstore_.keys_exist(named, graph_.collections.nodes));
  for (size_t i = 0; i < named.size(); ++i) {
    if (exist[i]) nodes.emplace(named[i]);
  }
  if (selection.properties.view().truthy()) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<LabelledNode> matching, reader_.get(selection.properties, {}));
    for (const LabelledNode& node : matching) nodes.insert(node.id());
  }
  return std::vector<std::string>(nodes.begin(), nodes.end());
}

// And the triplets whose relations are named or match.
Status GraphWriter::add_selected_triplets(const GraphSelection& selection,
                                          std::vector<TripletIds>& going) const {
  const bool by_properties = selection.properties.view().truthy();
  if (!by_properties && selection.relation_names.empty()) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::vector<TripletIds> all, triplets_.all_triplets());
  for (const std::span<const TripletIds> part : parts_of(all)) {
    std::vector<std::optional<Json>> relations(part.size());
    if (by_properties) {
      QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> keys, triplets_.relation_keys_of(part));
      const std::vector<std::string_view> views(keys.begin(), keys.end());
      QUIPU_ASSIGN_OR_RETURN(relations, kvstore_.multi_get(views, graph_.collections.relations));
    }
    for (size_t i = 0; i < part.size(); ++i) {
      const bool matches =
          relations[i] &&
          matches_properties(Relation::from_stored(*relations[i]).properties(), selection.properties);
      if (matches || contains(selection.relation_names, part[i].label)) going.push_back(part[i]);
    }
  }
  return Status::ok();
}

Status GraphWriter::delete_(const GraphSelection& selection) const {
  if (selection.empty()) return Status::ok();
  LockSet everything;  // which triplets go is known only after a search
  everything.add_all();
  QUIPU_ASSIGN_OR_RETURN(KeyLocks locks, kvstore_.lock(everything));

  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> nodes, selected_nodes(selection));
  QUIPU_ASSIGN_OR_RETURN(std::vector<TripletIds> going, triplets_.triplets_of(nodes));
  QUIPU_RETURN_IF_ERROR(add_selected_triplets(selection, going));
  WriteBatch batch;
  std::unordered_set<std::string> gone;
  for (const std::span<const TripletIds> part : parts_of(going)) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> keys, triplets_.relation_keys_of(part));
    for (size_t i = 0; i < part.size(); ++i) {
      const auto [triplet, is_new] = gone.insert(triplet_key(part[i]));
      if (!is_new) continue;
      batch.delete_(graph_.collections.triplets, *triplet);
      batch.delete_(graph_.collections.relations, keys[i]);
    }
  }
  for (const std::string& id : nodes) batch.delete_(graph_.collections.nodes, id);
  return write(batch, &locks, nodes);
}

Status GraphWriter::load(JsonView save_dict) const {
  if (!save_dict.is_object()) return malformed("not an object");
  QUIPU_ASSIGN_OR_RETURN(const JsonView nodes, object_member(save_dict, "nodes"));
  QUIPU_ASSIGN_OR_RETURN(const JsonView relations, object_member(save_dict, "relations"));
  WriteBatch batch;
  std::set<std::string> node_ids;
  std::map<std::string, std::string> relation_keys;  // of the triplet -> of the relation
  for (const JsonMember& member : nodes.members()) {
    Result<LabelledNode> node = LabelledNode::from_json(member.value);
    if (!node) return malformed("node " + std::string(member.raw_key) + ": " + node.error().message());
    node_ids.insert(member.key());
    batch.put(graph_.collections.nodes, member.key(), node->to_json());
  }
  for (const JsonMember& member : relations.members()) {
    Result<Relation> relation = Relation::from_json(member.value);
    if (!relation) {
      return malformed("relation " + std::string(member.raw_key) + ": " + relation.error().message());
    }
    // Under the ids as they are, else under those of entities of these names.
    relation_keys[relation_key({relation->source_id(), relation->label(), relation->target_id()})] =
        member.key();
    relation_keys.emplace(
        relation_key({entity_id(relation->source_id()), relation->label(), entity_id(relation->target_id())}),
        member.key());
    batch.put(graph_.collections.relations, member.key(), relation->to_json());
  }
  const std::optional<JsonView> triplets = save_dict.find("triplets");
  if (triplets && !triplets->is_array()) return malformed("\"triplets\" is not a list");
  for (const JsonView triplet : triplets.value_or(JsonView::from_canonical("[]")).elements()) {
    std::vector<std::string> parts;
    if (triplet.is_array()) {
      for (const JsonView part : triplet.elements()) {
        if (part.is_string()) parts.push_back(part.string());
      }
    }
    if (parts.size() != 3)
      return malformed("the triplet " + std::string(triplet.text()) + " is not three strings");
    const TripletIds ids{std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
    if (!node_ids.contains(ids.source) || !node_ids.contains(ids.target)) {
      return malformed("the triplet " + triplet_key(ids) + " names a node that is not there");
    }
    const auto relation = relation_keys.find(relation_key(ids));
    if (relation == relation_keys.end())
      return malformed("the triplet " + triplet_key(ids) + " has no relation");
    const bool elsewhere = relation->second != relation_key(ids);
    batch.put(graph_.collections.triplets, triplet_key(ids),
              triplet_value(ids.target, elsewhere ? relation->second : ""));
  }
  QUIPU_RETURN_IF_ERROR(declare_collections());
  return kvstore_.write(batch);
}

}  // namespace quipu
