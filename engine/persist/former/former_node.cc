#include "engine/persist/former/former_node.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "quipu/node.h"

namespace quipu {
namespace {

constexpr std::string_view kDocumentType = "\"4\"";
constexpr std::string_view kFormerDocumentType = "\"Document\"";

// What the members of a node are called since 0.6.33.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kRenamed = {
    {{"doc_id", "id_"}, {"doc_hash", "hash"}, {"extra_info", "metadata"}}};

class ObjectText {
 public:
  void add(std::string_view name, std::string_view value) {
    text_ += text_.empty() ? "{" : ", ";
    append_json_string(name, text_);
    text_ += ": ";
    text_ += value;
  }
  std::string finish() && { return text_.empty() ? "{}" : std::move(text_) + "}"; }

 private:
  std::string text_;
};

Json stored_node(std::string data, std::string_view type) {
  return Json::from_canonical("{\"__data__\": " + std::move(data) + ", \"__type__\": " + std::string(type) +
                              "}");
}

std::string related_node(JsonView id) {
  RelatedNodeInfo related;
  related.node_id = id.string();
  return related.to_json().text();
}

// An id, or a list of ids, as RelatedNodeInfo; what is neither stays.
std::string related_nodes(JsonView value) {
  if (value.is_string()) return related_node(value);
  if (!value.is_array()) return std::string(value.text());
  std::string text = "[";
  for (const JsonView id : value.elements()) {
    if (text.size() > 1) text += ", ";
    text += id.is_string() ? related_node(id) : id.text();
  }
  return text += ']';
}

std::string relationships(JsonView former) {
  if (!former.is_object()) return "{}";
  ObjectText text;
  for (const JsonMember& member : former.members()) text.add(member.key(), related_nodes(member.value));
  return std::move(text).finish();
}

// Whether today's LlamaIndex reads a node with extra_info as it is.
bool is_read_today(JsonView type, JsonView data) {
  if (type.text() == kFormerDocumentType) return false;
  const std::optional<JsonView> text = data.find("text");
  if (text && text->is_null() && type.text() != kDocumentType) return false;
  const std::optional<JsonView> relationships = data.find("relationships");
  if (!relationships || !relationships->is_object()) return true;
  const JsonMembers related = relationships->members();
  for (const JsonMember& member : related) {
    if (member.value.is_array()) return false;
  }
  return true;
}

const char* member_after(const char* at, std::string_view text, std::string_view quoted_name) {
  const auto rest = static_cast<size_t>(text.data() + text.size() - at);
  return static_cast<const char*>(memmem(at, rest, quoted_name.data(), quoted_name.size()));
}

}  // namespace

bool is_plain_node(JsonView node) {
  const std::string_view text = node.text();
  if (!text.starts_with("{\"__data__\": {\"id_\": ")) return false;
  if (!text.ends_with("\"__type__\": \"4\"}")) return true;
  // Of a Document's members class_name follows on metadata_template, which follows on all metadata. No quote
  // in a string looks like a member's.
  const char* const at = member_after(text.data(), text, "\"metadata_template\": ");
  return at != nullptr && member_after(at, text, "\"class_name\": ") != nullptr;
}

std::optional<Json> with_class_name(JsonView node) {
  const std::optional<JsonView> type = node.find("__type__");
  if (!type || type->text() != kDocumentType) return std::nullopt;
  const std::optional<JsonView> data = node.find("__data__");
  if (!data || !data->is_object() || data->find("class_name") || data->find("extra_info"))
    return std::nullopt;
  if (!data->find("relationships")) return std::nullopt;  // every version writes all members of a node
  ObjectText text;
  for (const JsonMember& member : data->members()) text.add(member.key(), member.value.text());
  text.add("class_name", "\"Document\"");
  return stored_node(std::move(text).finish(), kDocumentType);
}

std::optional<Json> from_extra_info_form(JsonView node) {
  const std::optional<JsonView> data = node.find("__data__");
  const std::optional<JsonView> type = node.find("__type__");
  if (!type || !data || !data->is_object() || !data->find("extra_info")) return std::nullopt;
  if (is_read_today(*type, *data)) return std::nullopt;
  ObjectText text;
  for (const JsonMember& member : data->members()) {
    const std::string name = member.key();
    const auto* const renamed = std::ranges::find(kRenamed, name, &decltype(kRenamed)::value_type::first);
    const bool has_none = member.value.is_null();
    if (name == "relationships") {
      text.add(name, relationships(member.value));
    } else if (name == "text" && has_none) {
      text.add(name, "\"\"");
    } else if (name == "extra_info" && has_none) {
      text.add("metadata", "{}");
    } else {
      text.add(renamed == kRenamed.end() ? std::string_view(name) : renamed->second, member.value.text());
    }
  }
  if (const std::optional<JsonView> info = data->find("node_info"); info && info->is_object()) {
    if (const auto start = info->find("start")) text.add("start_char_idx", start->text());
    if (const auto end = info->find("end")) text.add("end_char_idx", end->text());
  }
  const bool is_document = type->text() == kFormerDocumentType || type->text() == kDocumentType;
  if (is_document) text.add("class_name", "\"Document\"");
  return stored_node(std::move(text).finish(), is_document ? kDocumentType : type->text());
}

}  // namespace quipu
