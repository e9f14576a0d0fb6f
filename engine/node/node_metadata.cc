#include "engine/node/node_metadata.h"

#include "engine/json/unicode_json.h"
#include "quipu/ordered_map.h"

namespace quipu {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// pydantic puts U+FFFD for each byte of a lone surrogate in a key.
std::string json_mode_key(std::string key) {
  std::string replaced;
  for (size_t i = 0; i < key.size(); ++i) {
    const bool surrogate = key[i] == static_cast<char>(0xed) && i + 2 < key.size() &&
                           static_cast<unsigned char>(key[i + 1]) >= 0xa0;
    if (!surrogate) {
      replaced += key[i];
      continue;
    }
    for (int byte = 0; byte < 3; ++byte) replaced += kReplacement;
    i += 2;
  }
  return replaced;
}

using Members = OrderedMap<std::string>;  // decoded keys -> canonical texts

std::string json_mode(JsonView value);

Members json_mode_members(JsonView object) {
  Members members;
  for (const JsonMember& member : object.members()) {
    members.insert_or_assign(json_mode_key(member.key()), json_mode(member.value));
  }
  return members;
}

std::string to_text(const Members& members) {
  std::string text = "{";
  for (const auto& [key, value] : members) {
    if (text.size() > 1) text += ", ";
    append_json_string(key, text);
    text += ": ";
    text += value;
  }
  return text + "}";
}

// Whether that mode changes nothing: no key has a surrogate, no number is NaN or infinite.
bool is_json_mode(std::string_view canonical) {
  return canonical.find("\\ud") == std::string_view::npos &&
         canonical.find("NaN") == std::string_view::npos &&
         canonical.find("Infinity") == std::string_view::npos;
}

// A value as model_dump(mode="json") gives it.
std::string json_mode(JsonView value) {
  if (is_json_mode(value.text())) return std::string(value.text());
  switch (value.kind()) {
    case JsonKind::kFloat:
      return value.text().find_first_of("NI") == std::string_view::npos ? std::string(value.text()) : "null";
    case JsonKind::kArray: {
      std::string text = "[";
      for (const JsonView element : value.elements()) {
        if (text.size() > 1) text += ", ";
        text += json_mode(element);
      }
      return text + "]";
    }
    case JsonKind::kObject: return to_text(json_mode_members(value));
    default: return std::string(value.text());
  }
}

// Of what BaseNode::to_json() gives, as the reference's argument remove_text says.
std::string node_content(JsonView stored, bool remove_text) {
  Members members = json_mode_members(*stored.find("__data__"));
  if (remove_text) {
    if (members.find("text") != members.end()) members.insert_or_assign("text", "\"\"");
    members.erase("text_resource");
  }
  members.insert_or_assign("embedding", "null");
  const std::string canonical = to_text(members);
  std::string unicode;
  append_unicode_json(JsonView::from_canonical(canonical), unicode);
  std::string text;
  append_json_string(unicode, text);
  return text;
}

// Where a node comes from, as filters ask for it.
void add_origin(std::string_view class_name, std::string_view ref_doc_id, Members& metadata) {
  metadata.insert_or_assign("_node_type", Json::from_string(class_name).text());
  const std::string ref_doc = Json::from_string(ref_doc_id.empty() ? "None" : ref_doc_id).text();
  for (const char* const key : {"document_id", "doc_id", "ref_doc_id"})
    metadata.insert_or_assign(key, ref_doc);
}

// What _node_content holds.
Result<Members> parse_content(JsonView metadata) {
  const std::optional<JsonView> content = metadata.find(kNodeContent);
  if (!content || !content->is_string()) {
    return Status::invalid_argument("ValueError: Node content not found in metadata dict.");
  }
  QUIPU_ASSIGN_OR_RETURN(const Json parsed, Json::parse(content->string()));
  if (!parsed.view().is_object()) return Status::invalid_argument("TypeError: node content is no object");
  Members data;
  for (const JsonMember& member : parsed.view().members()) {
    data.insert_or_assign(member.key(), std::string(member.value.text()));
  }
  return data;
}

std::string type_of(JsonView metadata) {
  const std::optional<JsonView> type = metadata.find("_node_type");
  return type && type->is_string() ? type->string() : "";
}

// The number of the class that a vector store reads a kept node as.
std::string_view kept_type(std::string_view class_name, bool has_text_resource) {
  if (class_name == "ImageNode") return "2";
  if (class_name == "IndexNode") return "3";
  if (class_name == "Document" || class_name == "ImageDocument") return "4";
  // A class of the program's own is read as the one of which it has the fields.
  return has_text_resource ? "5" : "1";
}

Result<std::shared_ptr<const BaseNode>> to_node(const Members& data, std::string_view type) {
  return BaseNode::from_json(Json::from_canonical("{\"__data__\": " + to_text(data) + ", \"__type__\": \"" +
                                                  std::string(type) + "\"}"));
}

}  // namespace

Result<Json> node_to_metadata_dict(const BaseNode& node) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> ref_doc_id, node.ref_doc_id());
  Members metadata = json_mode_members(node.metadata());
  metadata.insert_or_assign(std::string(kNodeContent), node_content(node.to_json(), /*remove_text=*/true));
  add_origin(node.class_name(), ref_doc_id.value_or(""), metadata);
  return Json::from_canonical(to_text(metadata));
}

Json vector_metadata(JsonView metadata, std::string_view class_name, std::string_view ref_doc_id,
                     JsonView node) {
  Members members = json_mode_members(metadata);
  if (node.is_null()) {
    members.erase(kNodeContent);
  } else {
    members.insert_or_assign(std::string(kNodeContent), node_content(node, /*remove_text=*/false));
  }
  add_origin(class_name, ref_doc_id, members);
  return Json::from_canonical(to_text(members));
}

Result<std::shared_ptr<const BaseNode>> metadata_dict_to_node(JsonView metadata, std::string_view text) {
  QUIPU_ASSIGN_OR_RETURN(Members data, parse_content(metadata));
  const std::string type = type_of(metadata);
  if (type == "Node") {
    data.insert_or_assign("text_resource", "{\"text\": " + Json::from_string(text).text() + "}");
    return to_node(data, "5");
  }
  data.insert_or_assign("text", Json::from_string(text).text());
  return to_node(data, type == "ImageNode" ? "2" : type == "IndexNode" ? "3" : "1");
}

Result<std::shared_ptr<const BaseNode>> vector_metadata_to_node(JsonView metadata) {
  QUIPU_ASSIGN_OR_RETURN(const Members data, parse_content(metadata));
  return to_node(data, kept_type(type_of(metadata), data.find("text_resource") != data.end()));
}

Result<Json> with_kept_node(JsonView metadata, const BaseNode& node) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> ref_doc_id, node.ref_doc_id());
  const JsonView stored = node.to_json();
  Members members = metadata.is_object() ? json_mode_members(metadata) : Members();
  members.insert_or_assign(std::string(kNodeContent), node_content(stored, /*remove_text=*/false));
  const bool has_text_resource = stored.find("__data__")->find("text_resource").has_value();
  if (members.find("_node_type") == members.end() ||
      stored.find("__type__")->string() != kept_type(type_of(metadata), has_text_resource)) {
    members.insert_or_assign("_node_type", Json::from_string(node.class_name()).text());
  }
  Members origin;
  add_origin(node.class_name(), ref_doc_id.value_or(""), origin);
  for (const auto& [key, value] : origin) {
    const auto there = members.find(key);
    if (there == members.end() || !there->second.starts_with('"')) members.insert_or_assign(key, value);
  }
  return Json::from_canonical(to_text(members));
}

}  // namespace quipu
