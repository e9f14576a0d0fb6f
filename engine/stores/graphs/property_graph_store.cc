#include "quipu/property_graph_store.h"

#include <utility>

#include "engine/node/node_metadata.h"
#include "engine/stores/graphs/graph_reader.h"
#include "engine/stores/graphs/graph_writer.h"
#include "engine/stores/graphs/property_graph_state.h"
#include "engine/stores/graphs/triplet_reader.h"
#include "quipu/backend/executor.h"
#include "quipu/stats.h"

namespace quipu {

// ---- PropertyGraphStore: what it builds on the calls of a store; LlamaIndex nodes are chunks ----

Result<Json> PropertyGraphStore::structured_query(std::string_view /*query*/, JsonView /*param_map*/) const {
  return Status::not_supported("Structured query not implemented for SimplePropertyGraphStore.");
}

Result<ScoredNodes> PropertyGraphStore::vector_query(const VectorStoreQuery& /*query*/) const {
  return Status::not_supported("Vector query not implemented for this property graph store.");
}

Status PropertyGraphStore::upsert_llama_nodes(std::span<const std::shared_ptr<const BaseNode>> llama_nodes) {
  std::vector<LabelledNode> chunks;
  for (const std::shared_ptr<const BaseNode>& node : llama_nodes) {
    LabelledNodeFields fields;
    QUIPU_ASSIGN_OR_RETURN(fields.properties, node_to_metadata_dict(*node));
    QUIPU_ASSIGN_OR_RETURN(const std::string text, node->get_content(MetadataMode::NONE));
    fields.embedding = node->embedding();
    chunks.push_back(LabelledNode::chunk(text, node->node_id(), fields));
  }
  return upsert_nodes(chunks);
}

Result<std::vector<std::shared_ptr<const BaseNode>>> PropertyGraphStore::get_llama_nodes(
    std::span<const std::string> node_ids) const {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<LabelledNode> nodes, get({}, node_ids));
  std::vector<std::shared_ptr<const BaseNode>> converted;
  for (const LabelledNode& node : nodes) {
    if (!node.is_chunk()) continue;
    Result<std::shared_ptr<const BaseNode>> llama_node =
        metadata_dict_to_node(node.properties(), node.text());
    if (llama_node) converted.push_back(*std::move(llama_node));
  }
  return converted;
}

Status PropertyGraphStore::delete_llama_nodes(std::span<const std::string> node_ids,
                                              std::span<const std::string> ref_doc_ids) {
  GraphSelection doomed;
  const auto find = [&](std::span<const std::string> ids, std::string_view property) -> Status {
    if (ids.empty()) return Status::ok();  // which get() takes for all
    for (const std::string& id : ids) {
      std::string properties = "{";
      append_json_string(property, properties);
      properties += ": ";
      append_json_string(id, properties);
      properties += '}';
      QUIPU_ASSIGN_OR_RETURN(const std::vector<LabelledNode> nodes,
                             get(JsonView::from_canonical(properties)));
      for (const LabelledNode& node : nodes) doomed.ids.push_back(node.id());
    }
    doomed.ids.insert(doomed.ids.end(), ids.begin(), ids.end());
    return Status::ok();
  };
  QUIPU_RETURN_IF_ERROR(find(node_ids, TRIPLET_SOURCE_KEY));
  QUIPU_RETURN_IF_ERROR(find(ref_doc_ids, "ref_doc_id"));
  return delete_(doomed);
}

// ---- KVPropertyGraphStore ----

struct KVPropertyGraphStore::Parts {
  Parts(std::shared_ptr<BaseKVStore> kvstore, std::string_view ns,
        std::optional<bool> supports_vector_queries)
      : state(std::move(kvstore), ns, supports_vector_queries) {}

  const PropertyGraphState state;
  const TripletReader triplets{state};
  const GraphReader reader{state, triplets};
  const GraphWriter writer{state, triplets, reader};
};

KVPropertyGraphStore::KVPropertyGraphStore(std::shared_ptr<BaseKVStore> kvstore, std::string_view ns,
                                           std::optional<bool> supports_vector_queries)
    : parts_(std::make_shared<const Parts>(std::move(kvstore), ns, supports_vector_queries)) {}

KVPropertyGraphStore KVPropertyGraphStore::unowned() const {
  const PropertyGraphState& state = parts_->state;
  return KVPropertyGraphStore(unowned_pointer(*state.kvstore), state.ns, state.supports_vector_queries);
}

BaseKVStore& KVPropertyGraphStore::kvstore() const { return *parts_->state.kvstore; }

Result<std::vector<LabelledNode>> KVPropertyGraphStore::get(JsonView properties,
                                                            std::span<const std::string> ids) const {
  return parts_->reader.get(properties, ids);
}

Result<std::vector<Triplet>> KVPropertyGraphStore::get_triplets(const GraphSelection& selection) const {
  return parts_->reader.get_triplets(selection);
}

Result<std::vector<Triplet>> KVPropertyGraphStore::get_rel_map(
    std::span<const LabelledNode> graph_nodes, int depth, int limit,
    std::span<const std::string> ignore_rels) const {
  const CallTimer timer(call_recorder(*parts_->state.kvstore), CallKind::kRelMap,
                        parts_->state.collections.relations);
  return parts_->reader.get_rel_map(graph_nodes, depth, limit, ignore_rels);
}

Result<bool> KVPropertyGraphStore::supports_vector_queries() const {
  return parts_->reader.supports_vector_queries();
}

Result<ScoredNodes> KVPropertyGraphStore::vector_query(const VectorStoreQuery& query) const {
  return parts_->reader.vector_query(query);
}

Result<Json> KVPropertyGraphStore::get_schema(bool /*refresh*/) const { return parts_->reader.get_schema(); }

Result<Json> KVPropertyGraphStore::to_dict() const { return parts_->reader.to_dict(); }

Status KVPropertyGraphStore::upsert_nodes(std::span<const LabelledNode> nodes) {
  return parts_->writer.upsert_nodes(nodes);
}

Status KVPropertyGraphStore::upsert_relations(std::span<const Relation> relations) {
  return parts_->writer.upsert_relations(relations);
}

Status KVPropertyGraphStore::delete_(const GraphSelection& selection) {
  return parts_->writer.delete_(selection);
}

Status KVPropertyGraphStore::load(JsonView save_dict) { return parts_->writer.load(save_dict); }

}  // namespace quipu
