#include "engine/stores/vector_tables/node_rows.h"

#include <utility>

#include "engine/node/node_metadata.h"

namespace quipu {
namespace {

Result<std::shared_ptr<const BaseNode>> plain_node(const StoredVectorRow& row) {
  TextNodeBuilder builder;
  builder.id(row.node_id).text(row.text);
  if (row.metadata.view().is_object()) builder.metadata(row.metadata);
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<const BaseNode> node, builder.build());
  return node;
}

Result<std::shared_ptr<const BaseNode>> node_without_embedding(const StoredVectorRow& row) {
  Result<std::shared_ptr<const BaseNode>> node = metadata_dict_to_node(row.metadata, row.text);
  return node ? node : plain_node(row);
}

// The same node with this embedding.
Result<std::shared_ptr<const BaseNode>> with_embedding(const BaseNode& node,
                                                       std::span<const double> embedding) {
  std::string text = "{\"__data__\": {";
  bool first = true;
  for (const JsonMember& member : node.to_json().view().find("__data__")->members()) {
    if (!std::exchange(first, false)) text += ", ";
    ((text += member.raw_key) += ": ");
    if (member.key() != "embedding") {
      text += member.value.text();
      continue;
    }
    const char* separator = "[";
    for (const double element : embedding) {
      (text += std::exchange(separator, ", ")) += Json::from_double(element).text();
    }
    text += "]";
  }
  ((text += "}, \"__type__\": ") += node.to_json().view().find("__type__")->text()) += "}";
  return BaseNode::from_json(Json::from_canonical(std::move(text)));
}

}  // namespace

Status NodeRows::add(const BaseNode& node, std::span<const double> embedding) {
  QUIPU_ASSIGN_OR_RETURN(Json metadata, node_to_metadata_dict(node));
  QUIPU_ASSIGN_OR_RETURN(std::string text, node.get_content(MetadataMode::NONE));
  const Owned& owned = owned_.emplace_back(Owned{node.node_id(), std::move(text), std::move(metadata), {}});
  rows_.push_back({owned.node_id, owned.text, owned.metadata.view(), embedding});
  return Status::ok();
}

Status NodeRows::add(const BaseNode& node, std::vector<double>&& embedding) {
  QUIPU_RETURN_IF_ERROR(add(node, std::span<const double>(embedding)));
  owned_.back().embedding = std::move(embedding);
  rows_.back().embedding = owned_.back().embedding;
  return Status::ok();
}

Result<std::shared_ptr<const BaseNode>> node_of_row(const StoredVectorRow& row) {
  Result<std::shared_ptr<const BaseNode>> node = node_without_embedding(row);
  if (!node || row.embedding.empty()) return node;
  return with_embedding(**node, row.embedding);
}

Result<Json> kept_metadata_of_row(const StoredVectorRow& row) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const BaseNode> node, node_without_embedding(row));
  return with_kept_node(row.metadata, *node);
}

}  // namespace quipu
