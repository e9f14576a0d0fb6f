#include "quipu/node.h"

#include <algorithm>

#include "engine/base/sha256.h"

namespace quipu {

std::string entity_id(std::string name) {
  std::ranges::replace(name, '"', ' ');
  return name;
}

namespace {

Status invalid(std::string_view what) {
  return Status::invalid_argument("ValidationError: " + std::string(what));
}

std::string embedding_text(const std::optional<std::vector<double>>& embedding) {
  if (!embedding) return "null";
  std::string text = "[";
  for (const double element : *embedding) {
    if (text.size() > 1) text += ", ";
    append_json_double(element, text);
  }
  return text + "]";
}

std::string shared_text(const LabelledNode::Fields& fields, std::string_view default_label) {
  std::string text = "{\"label\": ";
  append_json_string(fields.label ? std::string_view(*fields.label) : default_label, text);
  return text + ", \"embedding\": " + embedding_text(fields.embedding) +
         ", \"properties\": " + fields.properties.text();
}

// A member's string, or `otherwise` when it is absent.
Result<std::string> string_member(JsonView object, std::string_view name,
                                  std::optional<std::string_view> otherwise) {
  const std::optional<JsonView> value = object.find(name);
  if (!value && otherwise) return std::string(*otherwise);
  if (!value || !value->is_string()) return invalid(std::string(name) + ": not a string");
  return value->string();
}

Result<std::string> properties_text(JsonView object) {
  const std::optional<JsonView> properties = object.find("properties");
  if (!properties) return std::string("{}");
  if (!properties->is_object()) return invalid("properties: not an object");
  return std::string(properties->text());
}

Result<std::optional<std::vector<double>>> embedding_member(JsonView object) {
  const std::optional<JsonView> embedding = object.find("embedding");
  std::optional<std::vector<double>> elements;
  if (!embedding || embedding->is_null()) return elements;
  if (!embedding->is_array()) return invalid("embedding: not a list of numbers");
  elements.emplace();
  for (const JsonView element : embedding->elements()) {
    const std::optional<double> number = element.number();
    if (!number) return invalid("embedding: an element is not a number");
    elements->push_back(*number);
  }
  return elements;
}

}  // namespace

LabelledNode LabelledNode::entity(std::string_view name, const Fields& fields) {
  std::string text = shared_text(fields, "entity") + ", \"name\": ";
  append_json_string(name, text);
  return {Json::from_canonical(text + "}"), entity_id(std::string(name)), false};
}

LabelledNode LabelledNode::chunk(std::string_view text, std::optional<std::string_view> id,
                                 const Fields& fields) {
  std::string json = shared_text(fields, "text_chunk") + ", \"text\": ";
  append_json_string(text, json);
  json += ", \"id_\": ";
  if (id) {
    append_json_string(*id, json);
  } else {
    json += "null";
  }
  return {Json::from_canonical(json + "}"), id ? std::string(*id) : sha256_hex(text), true};
}

Result<LabelledNode> LabelledNode::from_json(JsonView node) {
  if (!node.is_object()) return invalid("a node is not an object");
  const bool is_entity = node.find("name").has_value();
  if (!is_entity && !node.find("text")) {
    return Status::invalid_argument("ValueError: Could not infer node type for data: " +
                                    std::string(node.text().substr(0, 200)));
  }
  Fields fields;
  QUIPU_ASSIGN_OR_RETURN(fields.label, string_member(node, "label", is_entity ? "entity" : "text_chunk"));
  QUIPU_ASSIGN_OR_RETURN(fields.embedding, embedding_member(node));
  QUIPU_ASSIGN_OR_RETURN(std::string properties, properties_text(node));
  fields.properties = Json::from_canonical(std::move(properties));
  if (is_entity) {
    QUIPU_ASSIGN_OR_RETURN(const std::string name, string_member(node, "name", std::nullopt));
    return entity(name, fields);
  }
  QUIPU_ASSIGN_OR_RETURN(const std::string text, string_member(node, "text", std::nullopt));
  const std::optional<JsonView> id = node.find("id_");
  if (id && !id->is_null() && !id->is_string()) return invalid("id_: not a string");
  const std::optional<std::string> id_text =
      id && id->is_string() ? std::optional(id->string()) : std::nullopt;
  return chunk(text, id_text, fields);
}

LabelledNode LabelledNode::from_stored(Json node, std::string_view key) {
  if (const std::optional<JsonView> name = node.view().find("name")) {
    std::string id = entity_id(name->string());
    return {std::move(node), std::move(id), false};
  }
  const JsonView id = node.view().find("id_").value_or(JsonView());
  if (id.is_string()) {
    std::string own = id.string();
    return {std::move(node), std::move(own), true};
  }
  constexpr std::string_view kNoId = "null}";  // what such a chunk ends with
  if (node.text().ends_with(kNoId)) {
    std::string text(node.text().substr(0, node.text().size() - kNoId.size()));
    append_json_string(key, text);
    node = Json::from_canonical(text + "}");
  }
  return {std::move(node), std::string(key), true};
}

std::optional<std::vector<double>> LabelledNode::embedding() const {
  const JsonView embedding = *json_.view().find("embedding");
  if (embedding.is_null()) return std::nullopt;
  std::vector<double> elements;
  for (const JsonView element : embedding.elements()) elements.push_back(element.number().value_or(0));
  return elements;
}

Relation::Relation(std::string_view label, std::string_view source_id, std::string_view target_id,
                   JsonView properties)
    : label_(label), source_id_(source_id), target_id_(target_id) {
  std::string text;
  text.reserve(80 + label.size() + source_id.size() + target_id.size() + properties.text().size());
  text += "{\"label\": ";
  append_json_string(label, text);
  text += ", \"source_id\": ";
  append_json_string(source_id, text);
  text += ", \"target_id\": ";
  append_json_string(target_id, text);
  text.append(", \"properties\": ").append(properties.text()) += '}';
  json_ = Json::from_canonical(std::move(text));
}

Relation Relation::from_stored(Json relation) {
  Relation made;
  made.label_ = relation.view().find("label")->string();
  made.source_id_ = relation.view().find("source_id")->string();
  made.target_id_ = relation.view().find("target_id")->string();
  made.json_ = std::move(relation);
  return made;
}

Result<Relation> Relation::from_json(JsonView relation) {
  if (!relation.is_object()) return invalid("a relation is not an object");
  QUIPU_ASSIGN_OR_RETURN(const std::string label, string_member(relation, "label", std::nullopt));
  QUIPU_ASSIGN_OR_RETURN(const std::string source_id, string_member(relation, "source_id", std::nullopt));
  QUIPU_ASSIGN_OR_RETURN(const std::string target_id, string_member(relation, "target_id", std::nullopt));
  QUIPU_ASSIGN_OR_RETURN(const std::string properties, properties_text(relation));
  return Relation(label, source_id, target_id, JsonView::from_canonical(properties));
}

}  // namespace quipu
