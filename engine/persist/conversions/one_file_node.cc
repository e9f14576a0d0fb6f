#include "engine/persist/conversions/one_file_node.h"

#include <optional>
#include <span>
#include <vector>

#include "engine/json/number.h"
#include "quipu/node.h"

namespace quipu {
namespace {

Status wrong(std::string_view field, std::string_view expected) {
  return Status::invalid_argument("\"" + std::string(field) + "\" is not " + std::string(expected));
}

// A member that may be absent or null, which are the same here.
std::optional<JsonView> present(JsonView object, std::string_view name) {
  const std::optional<JsonView> value = object.find(name);
  return value && !value->is_null() ? value : std::nullopt;
}

Result<std::string> optional_string(JsonView object, std::string_view name) {
  const std::optional<JsonView> value = present(object, name);
  if (!value) return std::string();
  if (!value->is_string()) return wrong(name, "a string");
  return value->string();
}

Result<std::string> text_of(JsonView node) {
  const std::optional<JsonView> text = node.find("text");
  if (!text || !text->is_string()) return wrong("text", "a string");
  return text->string();
}

RelatedNodeInfo related(std::string id) {
  RelatedNodeInfo info;
  info.node_id = std::move(id);
  return info;
}

// A relationship of 0.5: an id, or of children a list of ids.
template <class Builder>
Status add_relationship(std::string_view key, JsonView value, Builder& builder) {
  const int number = key.size() == 1 ? key[0] - '0' : 0;
  if (number < 1 || number > 5) {
    return Status::invalid_argument("relationships: " + Json::from_string(key).text() + " is none");
  }
  const auto relationship = static_cast<NodeRelationship>(number);
  if (value.is_string()) {
    builder.relationship(relationship, related(value.string()));
    return Status::ok();
  }
  const std::string name = "relationships: " + std::string(key);
  if (!value.is_array() || relationship != NodeRelationship::CHILD) return wrong(name, "a node's id");
  std::vector<RelatedNodeInfo> children;
  for (const JsonView child : value.elements()) {
    if (!child.is_string()) return wrong(name, "a list of ids");
    children.push_back(related(child.string()));
  }
  builder.relationship(relationship, std::span<const RelatedNodeInfo>(children));
  return Status::ok();
}

// Relationships of 0.5 and the source of 0.4, which has no others. Returns the source's id.
template <class Builder>
Result<std::string> add_relationships(JsonView node, Builder& builder) {
  const std::optional<JsonView> relationships = present(node, "relationships");
  if (!relationships) {
    QUIPU_ASSIGN_OR_RETURN(std::string source, optional_string(node, "ref_doc_id"));
    if (!source.empty()) builder.relationship(NodeRelationship::SOURCE, related(source));
    return source;
  }
  if (!relationships->is_object()) return wrong("relationships", "an object");
  std::string source;
  for (const JsonMember& member : relationships->members()) {
    if (member.value.is_null()) continue;
    QUIPU_RETURN_IF_ERROR(add_relationship(member.key(), member.value, builder));
    if (member.key_is("1")) source = member.value.string();
  }
  return source;
}

// What nodes and documents share.
template <class Builder>
Result<OneFileNode> build(JsonView node, std::string_view id, Builder& builder) {
  OneFileNode converted;
  QUIPU_ASSIGN_OR_RETURN(converted.id, optional_string(node, "doc_id"));
  if (converted.id.empty()) converted.id = id;
  builder.id(converted.id);
  QUIPU_ASSIGN_OR_RETURN(converted.doc_hash, optional_string(node, "doc_hash"));
  QUIPU_ASSIGN_OR_RETURN(const std::string text, text_of(node));
  builder.text(text);
  if (const std::optional<JsonView> extra_info = present(node, "extra_info")) {
    if (!extra_info->is_object()) return wrong("extra_info", "an object");
    builder.metadata(Json::from_canonical(std::string(extra_info->text())));
  }
  if (const std::optional<JsonView> embedding = present(node, "embedding")) {
    std::vector<double> numbers;
    if (!embedding->is_array() || !parse_number_array(embedding->text(), numbers)) {
      return wrong("embedding", "a list of numbers");
    }
    builder.embedding(numbers);
  }
  QUIPU_ASSIGN_OR_RETURN(converted.ref_doc_id, add_relationships(node, builder));
  QUIPU_ASSIGN_OR_RETURN(const auto built, builder.build());
  converted.stored = built->to_json();
  return converted;
}

// node_info is {"start": ..., "end": ...} where a text splitter has made the node.
template <class Builder>
Result<OneFileNode> build_text_node(JsonView node, std::string_view id, Builder& builder,
                                    OneFileLosses& losses) {
  if (const std::optional<JsonView> info = present(node, "node_info")) {
    if (!info->is_object()) return wrong("node_info", "an object");
    bool more = false;
    for (const JsonMember& member : info->members()) {
      const std::optional<int64_t> place = member.value.int64();
      if (place && member.key_is("start")) {
        builder.start_char_idx(*place);
      } else if (place && member.key_is("end")) {
        builder.end_char_idx(*place);
      } else {
        more |= !member.value.is_null();
      }
    }
    losses.node_info += more ? 1 : 0;
  }
  return build(node, id, builder);
}

// The index that the node stands for; empty: none.
Result<std::string> index_named_by(JsonView node, const std::set<std::string>& index_ids) {
  QUIPU_ASSIGN_OR_RETURN(std::string index_id, optional_string(node, "index_id"));
  if (!index_id.empty() || present(node, "relationships")) return index_id;
  QUIPU_ASSIGN_OR_RETURN(std::string source, optional_string(node, "ref_doc_id"));
  return index_ids.contains(source) ? source : std::string();
}

}  // namespace

Result<OneFileNode> convert_one_file_node(JsonView node, std::string_view id,
                                          const std::set<std::string>& index_ids, OneFileLosses& losses) {
  if (!node.is_object()) return Status::invalid_argument("it is not an object");
  QUIPU_ASSIGN_OR_RETURN(const std::string index_id, index_named_by(node, index_ids));
  if (!index_id.empty()) {
    IndexNodeBuilder builder;
    builder.index_id(index_id);
    return build_text_node(node, id, builder, losses);
  }
  QUIPU_ASSIGN_OR_RETURN(const std::string image, optional_string(node, "image"));
  const std::optional<JsonView> type = node.find("__type__");
  if (!image.empty() || (type && type->text() == "\"2\"")) {
    ImageNodeBuilder builder;
    if (!image.empty()) builder.image(image);
    return build_text_node(node, id, builder, losses);
  }
  TextNodeBuilder builder;
  return build_text_node(node, id, builder, losses);
}

Result<OneFileNode> convert_one_file_document(JsonView document, std::string_view id, OneFileLosses& losses) {
  if (!document.is_object()) return Status::invalid_argument("it is not an object");
  losses.document_images += present(document, "image") ? 1 : 0;
  DocumentBuilder builder;
  return build(document, id, builder);
}

}  // namespace quipu
