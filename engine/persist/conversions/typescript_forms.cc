#include "engine/persist/conversions/typescript_forms.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "engine/node/node_class.h"

namespace quipu {
namespace {

// A name of TypeScript's, and what stands for it in Python's form.
struct Name {
  std::string_view typescript;
  std::string_view python;
};

// Source: packages/core/src/schema/node.ts (ObjectType, NodeRelationship, BaseNode, TextNode, ImageNode).
constexpr Name kNodeTypes[] = {
    {"TEXT", "1"}, {"IMAGE", "2"}, {"INDEX", "3"}, {"DOCUMENT", "4"}, {"IMAGE_DOCUMENT", "2"}};
constexpr Name kRelationships[] = {
    {"SOURCE", "1"}, {"PREVIOUS", "2"}, {"NEXT", "3"}, {"PARENT", "4"}, {"CHILD", "5"}};
constexpr Name kNodeFields[] = {{"id_", "id_"},
                                {"embedding", "embedding"},
                                {"metadata", "metadata"},
                                {"excludedEmbedMetadataKeys", "excluded_embed_metadata_keys"},
                                {"excludedLlmMetadataKeys", "excluded_llm_metadata_keys"},
                                {"metadataSeparator", "metadata_separator"},
                                {"text", "text"},
                                {"startCharIdx", "start_char_idx"},
                                {"endCharIdx", "end_char_idx"},
                                {"indexId", "index_id"}};
constexpr Name kMetadataFields[] = {{"docHash", "doc_hash"}, {"refDocId", "ref_doc_id"}};
constexpr Name kRefDocFields[] = {{"nodeIds", "node_ids"}, {"extraInfo", "metadata"}};
constexpr Name kStructTypes[] = {
    {"simple_dict", "vector_store"}, {"list", "list"}, {"keyword_table", "keyword_table"}};

// Python's name; empty for a name that is not in the table.
std::string_view python_name(std::span<const Name> names, std::string_view typescript) {
  const auto found = std::ranges::find(names, typescript, &Name::typescript);
  return found == names.end() ? std::string_view() : found->python;
}

// The text of an object, member by member.
class ObjectText {
 public:
  void add(std::string_view name, std::string_view value) {
    if (text_.size() > 1) text_ += ", ";
    append_json_string(name, text_);
    text_ += ": ";
    text_ += value;
  }
  Json object() && { return Json::from_canonical(std::move(text_) + "}"); }

 private:
  std::string text_ = "{";
};

// An object with the members that the table knows renamed, the others as they are.
Json renamed(JsonView object, std::span<const Name> names) {
  ObjectText text;
  for (const JsonMember& member : object.members()) {
    const std::string key = member.key();
    const std::string_view python = python_name(names, key);
    const auto taken = std::ranges::find(names, key, &Name::python);
    if (taken != names.end() && object.find(taken->typescript)) continue;  // the renamed one counts
    text.add(python.empty() ? key : python, member.value.text());
  }
  return std::move(text).object();
}

std::string_view member_text(JsonView object, std::string_view name, std::string_view otherwise) {
  const std::optional<JsonView> value = object.find(name);
  return value ? value->text() : otherwise;
}

// The type by Python's number, as JSON; null for one that is not given or not known.
std::string type_number(std::optional<JsonView> type) {
  const std::string_view number =
      type && type->is_string() ? python_name(kNodeTypes, type->string()) : std::string_view();
  return number.empty() ? "null" : "\"" + std::string(number) + "\"";
}

std::string related_node(JsonView info) {
  ObjectText text;
  text.add("node_id", member_text(info, "nodeId", "null"));
  text.add("node_type", type_number(info.find("nodeType")));
  text.add("metadata", member_text(info, "metadata", "{}"));
  text.add("hash", member_text(info, "hash", "null"));
  text.add("class_name", "\"RelatedNodeInfo\"");
  return std::move(text).object().text();
}

Result<Json> relationships(JsonView given) {
  if (!given.is_object()) return Status::invalid_argument("the node's relationships are no object");
  ObjectText text;
  for (const JsonMember& member : given.members()) {
    const std::string_view number = python_name(kRelationships, member.key());
    if (number.empty())
      return Status::invalid_argument("unknown relationship " + std::string(member.raw_key));
    if (!member.value.is_array()) {
      text.add(number, related_node(member.value));
      continue;
    }
    std::string list = "[";
    for (const JsonView info : member.value.elements())
      list += (list.size() > 1 ? ", " : "") + related_node(info);
    text.add(number, list + "]");
  }
  return std::move(text).object();
}

// An image is one string there: a data URL, another URL, or a path.
void add_image(JsonView image, ObjectText& text) {
  if (!image.is_string()) return;  // a Blob, of which JSON.stringify keeps nothing
  const std::string place = image.string();
  constexpr std::string_view kData = "data:";
  constexpr std::string_view kBase64 = ";base64,";
  const size_t data = place.find(kBase64);
  if (place.starts_with(kData) && data != std::string::npos) {
    text.add("image", Json::from_string(place.substr(data + kBase64.size())).text());
    text.add("image_mimetype", Json::from_string(place.substr(kData.size(), data - kData.size())).text());
  } else if (place.find("://") != std::string::npos && !place.starts_with("file://")) {
    text.add("image_url", image.text());
  } else {
    constexpr std::string_view kFile = "file://";
    text.add("image_path",
             Json::from_string(place.substr(place.starts_with(kFile) ? kFile.size() : 0)).text());
  }
}

// What Python's form has under __data__.
Result<Json> node_data(std::string_view key, JsonView node) {
  ObjectText text;
  if (!node.find("id_")) text.add("id_", Json::from_string(key).text());
  for (const Name& name : kNodeFields) {
    if (const std::optional<JsonView> value = node.find(name.typescript))
      text.add(name.python, value->text());
  }
  // Without one, the content is metadata and text, which is Python's default.
  const std::optional<JsonView> text_template = node.find("textTemplate");
  if (text_template && text_template->is_string() && text_template->truthy()) {
    text.add("text_template", text_template->text());
  }
  if (const std::optional<JsonView> given = node.find("relationships")) {
    QUIPU_ASSIGN_OR_RETURN(const Json converted, relationships(*given));
    text.add("relationships", converted.text());
  }
  if (const std::optional<JsonView> image = node.find("image")) add_image(*image, text);
  text.add("class_name", "\"Document\"");  // which a type of several classes is told by
  return std::move(text).object();
}

// What stands as JSON within a string, or as it is where the store has no serialiser.
Result<Json> unwrapped(JsonView data) {
  if (data.is_object()) return Json::from_canonical(std::string(data.text()));
  if (!data.is_string())
    return Status::invalid_argument("the node's __data__ is neither JSON text nor an object");
  QUIPU_ASSIGN_OR_RETURN(Json parsed, Json::parse(data.string()));
  if (!parsed.view().is_object()) return Status::invalid_argument("the node's __data__ is no object");
  return parsed;
}

// {id: id} of {id: node}.
Json node_ids(JsonView nodes) {
  ObjectText text;
  for (const JsonMember& member : nodes.members()) {
    const std::optional<JsonView> id = member.value.find("id_");
    text.add(member.key(), id && id->is_string() ? id->text() : member.raw_key);
  }
  return std::move(text).object();
}

}  // namespace

Result<Json> node_from_typescript(std::string_view key, JsonView stored) {
  const std::optional<JsonView> data = stored.find("__data__");
  if (!data) return Status::invalid_argument("the node has no __data__");
  QUIPU_ASSIGN_OR_RETURN(const Json node, unwrapped(*data));
  const std::optional<JsonView> type = stored.find("__type__");
  const std::string number = type_number(type ? type : node.view().find("type"));
  if (number == "null") {
    return Status::invalid_argument("unknown type of node: " + std::string(type ? type->text() : "none"));
  }
  QUIPU_ASSIGN_OR_RETURN(const Json converted, node_data(key, node));
  ObjectText text;
  text.add("__data__", converted.text());
  text.add("__type__", number);
  return to_stored_form(std::move(text).object());
}

Json metadata_from_typescript(JsonView metadata) { return renamed(metadata, kMetadataFields); }

Json ref_doc_info_from_typescript(JsonView info) { return renamed(info, kRefDocFields); }

Result<TypescriptStruct> index_struct_from_typescript(JsonView entry) {
  const std::optional<JsonView> type = entry.find("type");
  const std::string_view python =
      type && type->is_string() ? python_name(kStructTypes, type->string()) : std::string_view();
  if (python.empty()) {
    return Status::invalid_argument("unknown type of index: " + std::string(type ? type->text() : "none"));
  }
  TypescriptStruct converted;
  ObjectText data;
  data.add("index_id", member_text(entry, "indexId", "null"));
  data.add("summary", member_text(entry, "summary", "null"));
  if (python == "vector_store") {
    const std::optional<JsonView> nodes = entry.find("nodesDict");
    if (!nodes || !nodes->is_object()) return Status::invalid_argument("the index has no nodesDict");
    data.add("nodes_dict", node_ids(*nodes).text());
    data.add("doc_id_dict", "{}");
    data.add("embeddings_dict", "{}");
  } else if (python == "list") {
    data.add("nodes", member_text(entry, "nodes", "[]"));
  } else {
    const std::string_view table = member_text(entry, "table", "{}");
    data.add("table", table);
    converted.is_empty_keyword_table = table == "{}";
  }
  ObjectText stored;
  stored.add("__type__", "\"" + std::string(python) + "\"");
  stored.add("__data__", Json::from_string(std::move(data).object().text()).text());
  converted.stored = std::move(stored).object();
  return converted;
}

}  // namespace quipu
