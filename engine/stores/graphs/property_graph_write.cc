// The writing half of KVPropertyGraphStore.

#include <array>
#include <map>
#include <set>
#include <unordered_set>

#include "engine/layout/storage_layout.h"
#include "engine/stores/graphs/graph_matching.h"
#include "engine/stores/graphs/graph_vectors.h"
#include "quipu/backend/key_locks.h"
#include "quipu/property_graph_store.h"
#include "quipu/write_batch.h"

namespace quipu {
namespace {

// The ids under which the node that a relation names may be: its own, and that of an entity of this name.
std::vector<std::string> ids_for(const std::string& id) {
  std::string of_entity = entity_id(id);
  if (of_entity == id) return {id};
  return {id, std::move(of_entity)};
}

}  // namespace

// And records how the graph keeps embeddings.
Status KVPropertyGraphStore::declare_collections() {
  const std::string file(PG_STORE_PERSIST_FNAME);
  QUIPU_RETURN_IF_ERROR(kvstore_->declare_collection(state_, {file, ""}));
  QUIPU_RETURN_IF_ERROR(kvstore_->declare_collection(nodes_, {file, ""}));
  QUIPU_RETURN_IF_ERROR(kvstore_->declare_collection(relations_, {file, ""}));
  QUIPU_RETURN_IF_ERROR(kvstore_->declare_collection(triplets_, {file, std::string(kTripletTarget)}));
  return vectors_->record(*kvstore_, supports_vector_queries_);
}

Status KVPropertyGraphStore::upsert_nodes(std::span<const LabelledNode> nodes) {
  if (nodes.empty()) return Status::ok();
  QUIPU_RETURN_IF_ERROR(declare_collections());
  WriteBatch batch;
  std::vector<std::string> ids;
  for (const LabelledNode& node : nodes) {
    batch.put(nodes_, node.id(), node.to_json());
    ids.push_back(node.id());
  }
  QUIPU_RETURN_IF_ERROR(kvstore_->write(batch));
  nodes_changed(ids);
  return Status::ok();
}

void KVPropertyGraphStore::nodes_changed(const std::vector<std::string>& ids) {
  const LockedCache locked(vectors_);
  locked->changed(*kvstore_, ids);
}

// The id of the stored node that `id` names; where there is none, that of the entity to be made.
Result<std::string> KVPropertyGraphStore::node_id_for(std::string_view id) const {
  std::string of_entity = entity_id(std::string(id));
  if (of_entity == id) return of_entity;
  QUIPU_ASSIGN_OR_RETURN(std::optional<Json> stored, kvstore_->get(id, nodes_));
  return stored ? LabelledNode::from_stored(*std::move(stored), id).id() : of_entity;
}

Status KVPropertyGraphStore::upsert_relations(std::span<const Relation> relations) {
  if (relations.empty()) return Status::ok();
  QUIPU_RETURN_IF_ERROR(declare_collections());
  LockSet lock_set;
  for (const Relation& relation : relations) {
    for (const std::string& source : ids_for(relation.source_id())) {
      for (const std::string& target : ids_for(relation.target_id())) {
        const TripletIds ids{source, relation.label(), target};
        lock_set.add(nodes_, source);
        lock_set.add(nodes_, target);
        lock_set.add(relations_, relation_key(ids));
        lock_set.add(triplets_, triplet_key(ids));
      }
    }
  }
  const KeyLocks locks = kvstore_->lock_table().acquire(lock_set);
  WriteBatch batch;
  std::set<std::string> made;
  std::map<std::string, std::string> keys;  // of the triplets written here -> of their relations
  for (const Relation& relation : relations) {
    TripletIds ids{{}, relation.label(), {}};
    QUIPU_ASSIGN_OR_RETURN(ids.source, node_id_for(relation.source_id()));
    QUIPU_ASSIGN_OR_RETURN(ids.target, node_id_for(relation.target_id()));
    QUIPU_RETURN_IF_ERROR(make_ends(relation, ids, made, batch));
    const std::string triplet = triplet_key(ids);
    if (!keys.contains(triplet)) {
      QUIPU_ASSIGN_OR_RETURN(const bool exists, kvstore_->exists(triplet, triplets_));
      std::string key = relation_key({relation.source_id(), relation.label(), relation.target_id()});
      if (exists) {
        QUIPU_ASSIGN_OR_RETURN(key, relation_key_of(ids));
      }
      keys[triplet] = std::move(key);
    }
    const std::string& key = keys[triplet];
    batch.put(relations_, key, relation.to_json());
    batch.put(triplets_, triplet, triplet_value(ids.target, key == relation_key(ids) ? "" : key));
  }
  return kvstore_->write(batch, {.held = &locks});
}

// Makes the entities at a relation's ends that are not there. One whose name is not its id is stored under
// both, as the reference stores it. `made`: what this call has made so far.
Status KVPropertyGraphStore::make_ends(const Relation& relation, const TripletIds& ids,
                                       std::set<std::string>& made, WriteBatch& batch) const {
  const std::array<std::pair<const std::string&, const std::string&>, 2> ends = {
      {{relation.source_id(), ids.source}, {relation.target_id(), ids.target}}};
  std::array<bool, 2> missing{};
  for (size_t i = 0; i < ends.size(); ++i) {
    const auto& [name, id] = ends[i];
    QUIPU_ASSIGN_OR_RETURN(const bool exists, kvstore_->exists(id, nodes_));
    missing[i] = !exists && made.insert(id).second;
    if (missing[i]) batch.put(nodes_, name, LabelledNode::entity(name).to_json());
  }
  for (size_t i = 0; i < ends.size(); ++i) {
    const auto& [name, id] = ends[i];
    if (missing[i] && id != name) batch.put(nodes_, id, LabelledNode::entity(name).to_json());
  }
  return Status::ok();
}

Status KVPropertyGraphStore::delete_(const GraphSelection& selection) {
  if (selection.empty()) return Status::ok();
  std::vector<std::string> gone;
  QUIPU_RETURN_IF_ERROR(remove(selection, gone));
  nodes_changed(gone);
  return Status::ok();
}

// `gone_nodes`: their ids.
Status KVPropertyGraphStore::remove(const GraphSelection& selection, std::vector<std::string>& gone_nodes) {
  LockSet everything;  // which triplets go is known only after a search
  everything.add_all();
  const KeyLocks locks = kvstore_->lock_table().acquire(everything);

  std::set<std::string> nodes;
  for (const std::vector<std::string>* ids : {&selection.entity_names, &selection.ids}) {
    for (const std::string& id : *ids) {
      QUIPU_ASSIGN_OR_RETURN(const bool exists, kvstore_->exists(id, nodes_));
      if (exists) nodes.insert(id);
    }
  }
  const bool by_properties = selection.properties.view().truthy();
  if (by_properties) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<LabelledNode> matching, get(selection.properties));
    for (const LabelledNode& node : matching) nodes.insert(node.id());
  }

  WriteBatch batch;
  std::unordered_set<std::string> gone;
  const auto drop = [&](const TripletIds& ids) -> Status {
    if (!gone.insert(triplet_key(ids)).second) return Status::ok();
    QUIPU_ASSIGN_OR_RETURN(const std::string key, relation_key_of(ids));
    batch.delete_(triplets_, triplet_key(ids));
    batch.delete_(relations_, key);
    return Status::ok();
  };
  for (const std::string& id : nodes) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<TripletIds> incident, triplets_of(id));
    for (const TripletIds& ids : incident) QUIPU_RETURN_IF_ERROR(drop(ids));
    batch.delete_(nodes_, id);
  }
  gone_nodes.assign(nodes.begin(), nodes.end());
  if (by_properties || !selection.relation_names.empty()) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<TripletIds> all, all_triplets());
    for (const TripletIds& ids : all) {
      bool selected = contains(selection.relation_names, ids.label);
      if (!selected && by_properties) {
        QUIPU_ASSIGN_OR_RETURN(const std::string key, relation_key_of(ids));
        QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> relation, kvstore_->get(key, relations_));
        selected = relation &&
                   matches_properties(Relation::from_stored(*relation).properties(), selection.properties);
      }
      if (selected) QUIPU_RETURN_IF_ERROR(drop(ids));
    }
  }
  return kvstore_->write(batch, {.held = &locks});
}

}  // namespace quipu
