// What PropertyGraphStore builds on the calls of a store: LlamaIndex nodes as chunks.

#include "quipu/property_graph_store.h"

#include "engine/node/node_metadata.h"

namespace quipu {

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

}  // namespace quipu
