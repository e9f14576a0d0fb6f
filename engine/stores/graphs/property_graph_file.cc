// KVPropertyGraphStore as one JSON text, and SimplePropertyGraphStore.

#include <map>
#include <set>

#include "engine/json/unicode_json.h"
#include "engine/json_file/json_file.h"
#include "engine/kv/consistent_view.h"
#include "engine/layout/storage_layout.h"
#include "engine/stores/saved_dict.h"
#include "quipu/memory_kv_store.h"
#include "quipu/property_graph_store.h"
#include "quipu/write_batch.h"

namespace quipu {
namespace {

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

Result<Json> KVPropertyGraphStore::to_dict() const {
  std::string text = "{\"nodes\": ";
  QUIPU_RETURN_IF_ERROR(read_consistent_view(*kvstore_, [&](const KVReader& state) -> Status {
    QUIPU_RETURN_IF_ERROR(append_collection(state, nodes_, "", text));
    text += ", \"relations\": ";
    QUIPU_RETURN_IF_ERROR(append_collection(state, relations_, "", text));
    text += ", \"triplets\": [";
    ScanOptions options;
    options.keys_only = true;
    options.order = ScanOptions::Order::kInsertion;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, state.scan(options, triplets_));
    while (it->next()) {
      QUIPU_ASSIGN_OR_RETURN(const TripletIds ids, parse_triplet_key(it->key()));
      if (text.back() != '[') text += ", ";
      text += triplet_key(ids);
    }
    return it->status();
  }));
  return Json::from_canonical(text + "]}");
}

Status KVPropertyGraphStore::persist(const std::string& persist_path, const FileSystem& fs) const {
  QUIPU_ASSIGN_OR_RETURN(const Json dict, to_dict());
  std::string text;
  QUIPU_RETURN_IF_ERROR(append_pydantic_json(dict, text));
  return write_text_file(persist_path, text, fs);
}

Status KVPropertyGraphStore::load(JsonView save_dict) {
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
    batch.put(nodes_, member.key(), node->to_json());
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
    batch.put(relations_, member.key(), relation->to_json());
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
    batch.put(triplets_, triplet_key(ids), triplet_value(ids.target, elsewhere ? relation->second : ""));
  }
  QUIPU_RETURN_IF_ERROR(declare_collections());
  return kvstore_->write(batch);
}

SimplePropertyGraphStore::SimplePropertyGraphStore()
    : KVPropertyGraphStore(std::make_shared<MemoryKVStore>()) {}

Result<SimplePropertyGraphStore> SimplePropertyGraphStore::from_persist_dir(const std::string& persist_dir,
                                                                            const FileSystem& fs) {
  return from_persist_path(path_in(persist_dir, PG_STORE_PERSIST_FNAME), fs);
}

Result<SimplePropertyGraphStore> SimplePropertyGraphStore::from_persist_path(const std::string& persist_path,
                                                                             const FileSystem& fs) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> saved, read_json_file(persist_path, fs));
  if (!saved) return Status::not_found("[Errno 2] No such file or directory: '" + persist_path + "'");
  return from_saved_dict<SimplePropertyGraphStore>(persist_path, *saved);
}

Result<SimplePropertyGraphStore> SimplePropertyGraphStore::from_dict(JsonView save_dict) {
  SimplePropertyGraphStore store;
  QUIPU_RETURN_IF_ERROR(store.load(save_dict));
  return store;
}

}  // namespace quipu
