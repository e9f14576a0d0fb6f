#include "engine/layout/entity_vectors.h"

#include "engine/json/number.h"
#include "engine/layout/persist_file_name.h"
#include "engine/layout/storage_layout.h"
#include "engine/node/node_metadata.h"
#include "quipu/property_graph_store.h"
#include "quipu/vector_store.h"

namespace quipu {

std::string graph_nodes(const std::string& ns) { return graph_collection(ns, kNodes); }

bool is_entity(JsonView node) { return node.find("name").has_value(); }

bool has_embedding(JsonView node) {
  const std::optional<JsonView> embedding = node.find("embedding");
  return embedding && embedding->is_array();
}

bool embedding_of(JsonView node, std::vector<double>& elements) {
  return has_embedding(node) && parse_number_array(node.find("embedding")->text(), elements);
}

JsonView properties_of(JsonView node) {
  return node.find("properties").value_or(JsonView::from_canonical("{}"));
}

Result<std::optional<bool>> recorded_vector_queries(const KVReader& store, const std::string& ns) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored,
                         store.get(kSupportsVectorQueries, graph_collection(ns, kGraphState)));
  const std::optional<JsonView> value = stored ? stored->view().find("value") : std::nullopt;
  return value ? std::optional(value->truthy()) : std::nullopt;
}

Result<bool> any_entity_has_embedding(const KVReader& store, const std::string& ns) {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan({}, graph_nodes(ns)));
  while (it->next()) {
    if (has_embedding(it->val()) && is_entity(it->val())) return true;
  }
  QUIPU_RETURN_IF_ERROR(it->status());
  return false;
}

Result<bool> entities_hold_vectors(const KVReader& store, const std::string& ns) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<bool> recorded, recorded_vector_queries(store, ns));
  if (recorded) return *recorded;
  return any_entity_has_embedding(store, ns);
}

namespace {

Json embedding_of_entity(std::string_view /*id*/, JsonView node) {
  return Json::from_canonical(std::string(node.find("embedding").value_or(JsonView()).text()));
}

Json document_of_entity(std::string_view /*id*/, JsonView /*node*/) { return Json::from_string("None"); }

// Of {VECTOR_SOURCE_KEY: id, **properties}, in which a property of that name counts, at this place.
Json metadata_of_entity(std::string_view id, JsonView node) {
  const JsonView properties = properties_of(node);
  const std::optional<JsonView> own = properties.find(VECTOR_SOURCE_KEY);
  std::string text = "{\"" + std::string(VECTOR_SOURCE_KEY) + "\": ";
  text += own ? std::string(own->text()) : Json::from_string(id).text();
  for (const JsonMember& member : properties.members()) {
    if (member.key() == VECTOR_SOURCE_KEY) continue;
    text += ", ";
    text += member.raw_key;
    text += ": ";
    text += member.value.text();
  }
  return vector_metadata(Json::from_canonical(text + "}"), "TextNode", "");
}

bool has_own_embedding(JsonView node) { return is_entity(node) && has_embedding(node); }

}  // namespace

const VectorPart kEmbeddingsPart = {kEmbeddingDict, kEmbeddingsEnding, "embedding", embedding_of_entity};
const VectorPart kRefDocIdsPart = {kTextIdToRefDocId, kRefDocIdsEnding, kRefDocId, document_of_entity};
const VectorPart kMetadataPart = {kMetadataDict, kMetadataEnding, {}, metadata_of_entity};

Status for_each_of_part(const KVReader& store, const VectorPart& part, const std::string& collection,
                        bool entities, const std::function<Status(const UseEntry&)>& scan,
                        const UseEntry& use) {
  const std::string nodes = graph_nodes(std::string(kPropertyGraphNamespace));
  QUIPU_RETURN_IF_ERROR(scan([&](std::string_view key, JsonView value) -> Status {
    if (entities) {
      QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> node, store.get(key, nodes));
      if (node && has_own_embedding(*node)) return use(key, part.of_entity(key, *node));
    }
    return use(key, part.field.empty() ? value : value.find(part.field).value_or(JsonView()));
  }));
  if (!entities) return Status::ok();
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan(in_order, nodes));
  while (it->next()) {
    if (!has_own_embedding(it->val())) continue;
    QUIPU_ASSIGN_OR_RETURN(const bool there, store.exists(it->key(), collection));
    if (!there) QUIPU_RETURN_IF_ERROR(use(it->key(), part.of_entity(it->key(), it->val())));
  }
  return it->status();
}

Result<bool> file_has_entities(const KVReader& store, std::string_view file) {
  if (file != vector_store_file(DEFAULT_VECTOR_STORE)) return false;
  return entities_hold_vectors(store, std::string(kPropertyGraphNamespace));
}

}  // namespace quipu
