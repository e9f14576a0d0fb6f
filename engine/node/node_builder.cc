#include "engine/node/node_class.h"
#include "quipu/ordered_map.h"

namespace quipu {
namespace {

Json floats_json(std::span<const double> numbers) {
  std::string text = "[";
  for (const double number : numbers) {
    if (text.size() > 1) text += ", ";
    append_json_double(number, text);
  }
  return Json::from_canonical(text + "]");
}

Json strings_json(std::span<const std::string> strings) {
  std::string text = "[";
  for (const std::string& string : strings) {
    if (text.size() > 1) text += ", ";
    append_json_string(string, text);
  }
  return Json::from_canonical(text + "]");
}

// As a dict: set again, a relationship has the new value at its old place.
Json relationships_json(const std::vector<std::pair<int, Json>>& relationships) {
  OrderedMap<std::string> dict;
  for (const auto& [relationship, value] : relationships) {
    dict.insert_or_assign(std::to_string(relationship), value.text());
  }
  std::string text = "{";
  for (const auto& [relationship, value] : dict) {
    if (text.size() > 1) text += ", ";
    text += "\"" + relationship + "\": " + value;
  }
  return Json::from_canonical(text + "}");
}

template <class Built>
constexpr std::string_view kClassName = "";
template <>
constexpr std::string_view kClassName<TextNode> = "TextNode";
template <>
constexpr std::string_view kClassName<ImageNode> = "ImageNode";
template <>
constexpr std::string_view kClassName<IndexNode> = "IndexNode";
template <>
constexpr std::string_view kClassName<Node> = "Node";
template <>
constexpr std::string_view kClassName<Document> = "Document";
template <>
constexpr std::string_view kClassName<ImageDocument> = "ImageDocument";

}  // namespace

template <class Self, class Built>
Self& NodeBuilder<Self, Built>::embedding(std::span<const double> embedding) {
  return set("embedding", floats_json(embedding));
}

template <class Self, class Built>
Self& NodeBuilder<Self, Built>::excluded_embed_metadata_keys(std::span<const std::string> keys) {
  return set("excluded_embed_metadata_keys", strings_json(keys));
}

template <class Self, class Built>
Self& NodeBuilder<Self, Built>::excluded_llm_metadata_keys(std::span<const std::string> keys) {
  return set("excluded_llm_metadata_keys", strings_json(keys));
}

template <class Self, class Built>
Self& NodeBuilder<Self, Built>::relationship(NodeRelationship relationship, const RelatedNodeInfo& node) {
  relationships_.emplace_back(static_cast<int>(relationship), node.to_json());
  return static_cast<Self&>(*this);
}

template <class Self, class Built>
Self& NodeBuilder<Self, Built>::relationship(NodeRelationship relationship,
                                             std::span<const RelatedNodeInfo> nodes) {
  std::string text = "[";
  for (const RelatedNodeInfo& node : nodes) {
    if (text.size() > 1) text += ", ";
    text += node.to_json().text();
  }
  relationships_.emplace_back(static_cast<int>(relationship), Json::from_canonical(text + "]"));
  return static_cast<Self&>(*this);
}

template <class Self, class Built>
Result<std::shared_ptr<const Built>> NodeBuilder<Self, Built>::build() const {
  std::vector<std::pair<std::string, Json>> given = fields_;
  if (!relationships_.empty()) {
    given.emplace_back("relationships", relationships_json(relationships_));
  }
  QUIPU_ASSIGN_OR_RETURN(Json stored, make_stored_form(NodeClass::named(kClassName<Built>), given));
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<const BaseNode> node, BaseNode::from_json(std::move(stored)));
  return std::static_pointer_cast<const Built>(std::move(node));
}

ImageNodeBuilder& ImageNodeBuilder::text_embedding(std::span<const double> embedding) {
  return set("text_embedding", floats_json(embedding));
}

template class NodeBuilder<TextNodeBuilder, TextNode>;
template class NodeBuilder<ImageNodeBuilder, ImageNode>;
template class NodeBuilder<IndexNodeBuilder, IndexNode>;
template class NodeBuilder<NodeNodeBuilder, Node>;
template class NodeBuilder<DocumentBuilder, Document>;
template class NodeBuilder<ImageDocumentBuilder, ImageDocument>;

}  // namespace quipu
