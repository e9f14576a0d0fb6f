#include <unordered_map>
#include <unordered_set>

#include "engine/layout/storage_layout.h"
#include "engine/persist/files/file_loader.h"
#include "quipu/node.h"

namespace quipu {
namespace {

// property_graph_store.json: {"nodes": {id: node}, "relations": {key: relation}, "triplets": [[...], ...]},
// in this order, as pydantic writes it. Memory: a hash for each node and relation, to see that no triplet
// dangles.
class PropertyGraphLoader : public FileLoader {
 public:
  PropertyGraphLoader(const std::string& name, BulkLoad& load, CollectionOwners& owners)
      : FileLoader(name, load, owners) {}

  bool skips(std::string_view name) const override {
    return name != kNodes && name != kRelations && name != kTriplets;
  }
  bool takes_collection(std::string_view name, JsonKind kind) const override {
    return kind == (name == kTriplets ? JsonKind::kArray : JsonKind::kObject);
  }
  bool takes_value(JsonKind kind) const override {
    return kind == (part_ == kTriplets ? JsonKind::kArray : JsonKind::kObject);
  }

  Status begin_collection(std::string_view name, JsonKind /*kind*/) override {
    if (part_ == kTriplets) {
      return Status::invalid_argument("\"" + std::string(name) + "\" stands behind \"triplets\"");
    }
    part_ = name;
    const std::string collection = graph_collection(kPropertyGraphNamespace, part_);
    if (name == kNodes && !owns(collection)) QUIPU_RETURN_IF_ERROR(record_vector_queries());
    return begin(collection, name == kTriplets ? kTripletTarget : "");
  }

  Status end_collection() override {
    if (part_ != kTriplets) return Status::ok();
    nodes_ = {};
    relations_ = {};
    other_keys_ = {};
    return Status::ok();
  }

  Status entry(std::string_view key, JsonView value) override {
    if (part_ == kNodes) {
      QUIPU_ASSIGN_OR_RETURN(const LabelledNode node, LabelledNode::from_json(value));
      nodes_.insert(hash(key));
      return put(key, node.to_json());
    }
    if (part_ == kTriplets) return triplet(value);
    QUIPU_ASSIGN_OR_RETURN(const Relation relation, Relation::from_json(value));
    relations_.insert(hash(key));
    const std::string of_entities =
        relation_key(entity_id(relation.source_id()), relation.label(), entity_id(relation.target_id()));
    if (of_entities != key) other_keys_.emplace(of_entities, key);
    return put(key, relation.to_json());
  }

 private:
  // A file's graph is the reference's, which keeps entities' embeddings in a vector store. What holds for a
  // graph that is there already stays.
  Status record_vector_queries() {
    QUIPU_RETURN_IF_ERROR(begin(graph_collection(kPropertyGraphNamespace, kGraphState)));
    return put(kSupportsVectorQueries, supports_vector_queries_value(false));
  }

  static size_t hash(std::string_view key) { return std::hash<std::string_view>{}(key); }

  Status triplet(JsonView value) {
    std::vector<std::string> ids;
    for (const JsonView part : value.elements()) {
      if (part.is_string()) ids.push_back(part.string());
    }
    if (ids.size() != 3) return Status::invalid_argument("a triplet is not three strings");
    const std::string text(value.text());
    if (!nodes_.contains(hash(ids[0])) || !nodes_.contains(hash(ids[2]))) {
      return Status::invalid_argument("the triplet " + text + " names a node that is not there");
    }
    const std::string key = relation_key(ids[0], ids[1], ids[2]);
    std::string other;
    if (!relations_.contains(hash(key))) {
      const auto found = other_keys_.find(key);
      if (found == other_keys_.end())
        return Status::invalid_argument("the triplet " + text + " has no relation");
      other = found->second;
    }
    return put(triplet_key(ids[0], ids[1], ids[2]), triplet_value(ids[2], other));
  }

  std::string part_;
  std::unordered_set<size_t> nodes_;
  std::unordered_set<size_t> relations_;
  std::unordered_map<std::string, std::string> other_keys_;  // where a relation is not under its ids
};

}  // namespace

std::unique_ptr<FileLoader> make_property_graph_loader(const std::string& name, BulkLoad& load,
                                                       CollectionOwners& owners) {
  return std::make_unique<PropertyGraphLoader>(name, load, owners);
}

}  // namespace quipu
