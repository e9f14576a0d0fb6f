#include <charconv>
#include <cmath>

#include "engine/json/number.h"
#include "engine/node/media_path.h"
#include "engine/node/node_class.h"

namespace quipu {
namespace {

Status invalid(std::string_view expected) {
  return Status::invalid_argument("ValidationError: expected " + std::string(expected));
}

Json copy(JsonView value) { return Json::from_canonical(std::string(value.text())); }

bool is_string(JsonView value) { return value.is_string(); }
bool is_optional_string(JsonView value) { return value.is_string() || value.is_null(); }
bool is_object(JsonView value) { return value.is_object(); }
bool is_optional_int(JsonView value) { return value.is_null() || value.kind() == JsonKind::kInt; }

bool is_strings(JsonView value) {
  if (!value.is_array()) return false;
  for (const JsonView element : value.elements()) {
    if (!element.is_string()) return false;
  }
  return true;
}

bool is_optional_floats(JsonView value) {
  if (value.is_null()) return true;
  if (!value.is_array()) return false;
  for (const JsonView element : value.elements()) {
    if (element.kind() != JsonKind::kFloat) return false;
  }
  return true;
}

Result<Json> need_string(JsonView value) {
  if (!value.is_string()) return invalid("a string");
  return copy(value);
}
Result<Json> need_optional_string(JsonView value) {
  if (!is_optional_string(value)) return invalid("a string or null");
  return copy(value);
}
Result<Json> need_object(JsonView value) {
  if (!value.is_object()) return invalid("an object");
  return copy(value);
}
Result<Json> need_strings(JsonView value) {
  if (!is_strings(value)) return invalid("a list of strings");
  return copy(value);
}

// Integers may come as floats without a fraction, as booleans, or as text.
Result<Json> need_optional_int(JsonView value) {
  if (is_optional_int(value)) return copy(value);
  if (value.kind() == JsonKind::kBool) return Json::from_int(value.boolean() ? 1 : 0);
  if (value.kind() == JsonKind::kFloat) {
    const double number = *value.number();
    if (std::trunc(number) == number && std::fabs(number) < 0x1p63) {
      return Json::from_int(static_cast<int64_t>(number));
    }
  }
  if (value.is_string()) {
    const Result<Json> parsed = Json::parse(value.string());
    if (parsed && parsed->view().kind() == JsonKind::kInt) return *parsed;
  }
  return invalid("an integer or null");
}

// Floats may come as integers, booleans, or text.
Result<Json> need_float(JsonView value) {
  switch (value.kind()) {
    case JsonKind::kFloat: return copy(value);
    case JsonKind::kInt: return Json::from_double(*value.number());
    case JsonKind::kBool: return Json::from_double(value.boolean() ? 1 : 0);
    case JsonKind::kString: {
      const Result<Json> parsed = Json::parse(value.string());
      const std::optional<double> number = parsed ? parsed->view().number() : std::nullopt;
      if (number) return Json::from_double(*number);
      break;
    }
    default: break;
  }
  return invalid("a number");
}

Result<Json> need_optional_floats(JsonView value) {
  if (is_optional_floats(value)) return copy(value);
  if (!value.is_array()) return invalid("a list of numbers or null");
  std::string text = "[";
  for (const JsonView element : value.elements()) {
    QUIPU_ASSIGN_OR_RETURN(const Json number, need_float(element));
    if (text.size() > 1) text += ", ";
    text += number.text();
  }
  return Json::from_canonical(text + "]");
}

// An object that has just these members in this order.
template <size_t kCount>
bool has_members(JsonView object, const std::array<std::string_view, kCount>& names,
                 std::array<JsonView, kCount>& values) {
  if (!object.is_object()) return false;
  size_t at = 0;
  for (const JsonMember& member : object.members()) {
    if (at == kCount || !member.key_is(names[at])) return false;
    values[at++] = member.value;
  }
  return at == kCount;
}

constexpr std::array<std::string_view, 5> kRelatedNames = {"node_id", "node_type", "metadata", "hash",
                                                           "class_name"};

bool is_related_node(JsonView value) {
  std::array<JsonView, 5> members;
  return has_members(value, kRelatedNames, members) && members[0].is_string() &&
         is_optional_string(members[1]) && members[2].is_object() && is_optional_string(members[3]) &&
         members[4].text() == "\"RelatedNodeInfo\"";
}

Result<Json> need_related_node(JsonView value) {
  if (is_related_node(value)) return copy(value);
  if (!value.is_object()) return invalid("a RelatedNodeInfo");
  const std::optional<JsonView> id = value.find("node_id");
  if (!id || !id->is_string()) return invalid("node_id to be a string");
  RelatedNodeInfo info{.node_id = id->string(), .node_type = {}, .metadata = {}, .hash = {}};
  info.metadata = Json::from_canonical("{}");
  for (const auto& [name, target] :
       {std::pair("node_type", &info.node_type), std::pair("hash", &info.hash)}) {
    const JsonView member = value.find(name).value_or(JsonView());
    if (!is_optional_string(member)) return invalid(std::string(name) + " to be a string or null");
    if (member.is_string()) *target = member.string();
  }
  if (const std::optional<JsonView> metadata = value.find("metadata")) {
    QUIPU_ASSIGN_OR_RETURN(info.metadata, need_object(*metadata));
  }
  return info.to_json();
}

bool is_relationship_key(const JsonMember& member) {
  return member.raw_key.size() == 3 && member.raw_key[1] >= '1' && member.raw_key[1] <= '5';
}

bool is_relationships(JsonView value) {
  if (!value.is_object()) return false;
  for (const JsonMember& member : value.members()) {
    if (!is_relationship_key(member)) return false;
    if (member.value.is_array()) {
      for (const JsonView element : member.value.elements()) {
        if (!is_related_node(element)) return false;
      }
    } else if (!is_related_node(member.value)) {
      return false;
    }
  }
  return true;
}

Result<Json> need_relationships(JsonView value) {
  if (is_relationships(value)) return copy(value);
  if (!value.is_object()) return invalid("relationships to be an object");
  std::string text = "{";
  for (const JsonMember& member : value.members()) {
    if (!is_relationship_key(member)) return invalid("a relationship of 1 to 5");
    if (text.size() > 1) text += ", ";
    text += std::string(member.raw_key) + ": ";
    if (!member.value.is_array()) {
      QUIPU_ASSIGN_OR_RETURN(const Json related, need_related_node(member.value));
      text += related.text();
      continue;
    }
    text += '[';
    bool first = true;
    for (const JsonView element : member.value.elements()) {
      QUIPU_ASSIGN_OR_RETURN(const Json related, need_related_node(element));
      if (!first) text += ", ";
      first = false;
      text += related.text();
    }
    text += ']';
  }
  return Json::from_canonical(text + "}");
}

constexpr std::array<std::string_view, 5> kResourceNames = {"embeddings", "text", "path", "url", "mimetype"};

bool is_resource(JsonView value) {
  if (value.is_null()) return true;
  std::array<JsonView, 5> members;
  if (!has_members(value, kResourceNames, members)) return false;
  if (!members[0].is_null() && !members[0].is_object()) return false;
  for (size_t i = 1; i < members.size(); ++i) {
    if (!is_optional_string(members[i])) return false;
  }
  const JsonView path = members[2];
  if (path.is_null()) return true;
  const std::string text = path.string();
  return text == python_path(text) && (!members[4].is_null() || mimetype_of_path(text).empty());
}

Result<Json> need_resource(JsonView value) {
  if (is_resource(value)) return copy(value);
  if (!value.is_object()) return invalid("a MediaResource or null");
  for (const std::string_view name : kResourceNames) {
    const JsonView member = value.find(name).value_or(JsonView());
    const bool valid =
        name == "embeddings" ? member.is_null() || member.is_object() : is_optional_string(member);
    if (!valid) return invalid("a MediaResource's " + std::string(name));
  }
  return resource_to_json(parse_resource(value), value.find("embeddings").value_or(JsonView()));
}

// What an IndexNode points to may be anything; a node in another form is brought into the stored one.
bool is_obj(JsonView value) {
  if (!value.is_object() || !value.find("__data__")) return true;
  NodeFields fields;
  return read_stored_form(value, fields);
}

Result<Json> need_obj(JsonView value) {
  if (is_obj(value)) return copy(value);
  Result<Json> stored = to_stored_form(value);
  return stored ? *std::move(stored) : copy(value);
}

}  // namespace

const FieldKind kStringField = {is_string, need_string};
const FieldKind kOptionalStringField = {is_optional_string, need_optional_string};
const FieldKind kOptionalIntField = {is_optional_int, need_optional_int};
const FieldKind kOptionalFloatsField = {is_optional_floats, need_optional_floats};
const FieldKind kStringsField = {is_strings, need_strings};
const FieldKind kObjectField = {is_object, need_object};
const FieldKind kRelationshipsField = {is_relationships, need_relationships};
const FieldKind kResourceField = {is_resource, need_resource};
const FieldKind kObjField = {is_obj, need_obj};
const FieldKind kClassNameField = {is_string, need_string};

MediaResource parse_resource(JsonView resource) {
  MediaResource parsed;
  for (const auto& [name, target] :
       {std::pair("text", &parsed.text), std::pair("path", &parsed.path), std::pair("url", &parsed.url),
        std::pair("mimetype", &parsed.mimetype)}) {
    const std::optional<JsonView> member = resource.find(name);
    if (member && member->is_string()) *target = member->string();
  }
  return parsed;
}

RelatedNodeInfo parse_related_node(JsonView info) {
  RelatedNodeInfo parsed;
  if (const auto id = info.find("node_id")) parsed.node_id = id->string();
  if (const auto type = info.find("node_type"); type && type->is_string()) parsed.node_type = type->string();
  if (const auto metadata = info.find("metadata")) parsed.metadata = copy(*metadata);
  if (const auto hash = info.find("hash"); hash && hash->is_string()) parsed.hash = hash->string();
  return parsed;
}

std::vector<std::string> parse_strings(JsonView array) {
  std::vector<std::string> strings;
  for (const JsonView element : array.elements()) strings.push_back(element.string());
  return strings;
}

std::optional<std::vector<double>> parse_floats(JsonView array) {
  if (!array.is_array()) return std::nullopt;
  std::vector<double> numbers;
  for (const JsonView element : array.elements()) numbers.push_back(element.number().value_or(0));
  return numbers;
}

}  // namespace quipu
