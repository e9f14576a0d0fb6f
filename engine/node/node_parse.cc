// From stored JSON to fields, and from any form that the reference reads to the one that it writes.

#include <array>
#include <cstdio>
#include <random>

#include "engine/node/node_class.h"

namespace quipu {
namespace {

Status validation_error(const NodeClass& node_class, std::string_view field, const Status& cause) {
  std::string_view what = cause.message();
  constexpr std::string_view kType = "ValidationError: ";
  if (what.starts_with(kType)) what.remove_prefix(kType.size());
  return Status::invalid_argument(std::string(kType) + std::string(node_class.name) + "." +
                                  std::string(field) + ": " + std::string(what));
}

// The text that a Document repeats behind its class name: that of its text resource.
std::string document_text(JsonView text_resource) {
  const std::optional<JsonView> text = text_resource.find("text");
  return text && text->is_string() ? std::string(text->text()) : "\"\"";
}

// A given field of a class, under its own name or an older one.
std::optional<JsonView> given_field(JsonView data, std::string_view name) {
  const std::optional<JsonView> value = data.find(name);
  if (value || name != "metadata_separator") return value;
  return data.find("metadata_seperator");
}

// {"text": ..., others null}, for a Document that was given a text only.
std::string text_resource(std::string_view text) {
  return "{\"embeddings\": null, \"text\": " + std::string(text) +
         ", \"path\": null, \"url\": null, "
         "\"mimetype\": null}";
}

Result<Json> build(const NodeClass& node_class,
                   const std::vector<std::pair<std::string_view, std::string>>& fields) {
  std::string text = "{\"__data__\": {";
  for (const auto& [name, value] : fields) {
    if (text.back() != '{') text += ", ";
    text += "\"" + std::string(name) + "\": " + value;
  }
  text += "}, \"__type__\": \"" + std::to_string(static_cast<int>(node_class.type)) + "\"}";
  return Json::from_canonical(std::move(text));
}

// The stored form with the values that `given` finds for names; others have their defaults.
template <class Given>
Result<Json> convert_fields(const NodeClass& node_class, Given given) {
  std::vector<std::pair<std::string_view, std::string>> fields;
  for (const FieldSpec& spec : node_class.fields) {
    if (spec.kind == &kClassNameField) {  // the class's own, whatever was given
      fields.emplace_back(spec.name, spec.default_text);
      continue;
    }
    if (node_class.has_document_text && spec.name == "text") {
      const JsonView resource = JsonView::from_canonical(fields[kTextResource].second);
      fields.emplace_back(spec.name, document_text(resource));
      continue;
    }
    std::optional<JsonView> value = given(spec.name);
    std::string own_resource;
    if (node_class.has_document_text && spec.name == "text_resource" && !value) {
      const std::optional<JsonView> text = given("text");
      if (text && text->truthy()) {
        own_resource = text_resource(text->text());
        value = JsonView::from_canonical(own_resource);
      }
    }
    if (!value) {
      if (spec.name == "id_") {
        fields.emplace_back(spec.name, Json::from_string(random_uuid()).text());
      } else if (spec.default_text.empty()) {
        return validation_error(node_class, spec.name, Status::invalid_argument("Field required"));
      } else {
        fields.emplace_back(spec.name, spec.default_text);
      }
      continue;
    }
    Result<Json> converted = spec.kind->convert(*value);
    if (!converted) return validation_error(node_class, spec.name, converted.error());
    fields.emplace_back(spec.name, std::move(*converted).release());
  }
  return build(node_class, fields);
}

// The older form: extra_info for metadata, doc_id, relationships that are bare ids.
Result<Json> convert_legacy(const NodeClass& node_class, JsonView data) {
  std::vector<std::pair<std::string, Json>> given;
  const auto take = [&](std::string_view from, std::string_view to) {
    if (const std::optional<JsonView> value = data.find(from)) {
      given.emplace_back(to, Json::from_canonical(std::string(value->text())));
    }
  };
  take("text", "text");
  take("image", "image");
  take("index_id", "index_id");
  const JsonView extra_info = *data.find("extra_info");
  if (extra_info.truthy()) take("extra_info", "metadata");
  const JsonView id = data.find("doc_id").value_or(JsonView());
  given.emplace_back("id_", Json::from_canonical(std::string(id.text())));
  if (const std::optional<JsonView> relationships = data.find("relationships")) {
    if (!relationships->is_object())
      return Status::invalid_argument("AttributeError: relationships is not a dict");
    std::string text = "{";
    for (const JsonMember& member : relationships->members()) {
      if (text.size() > 1) text += ", ";
      RelatedNodeInfo related;
      related.node_id = member.value.is_string() ? member.value.string() : std::string(member.value.text());
      text += std::string(member.raw_key) + ": " + related.to_json().text();
    }
    given.emplace_back("relationships", Json::from_canonical(text + "}"));
  }
  return make_stored_form(node_class, given);
}

}  // namespace

bool read_stored_form(JsonView stored, NodeFields& fields) {
  JsonMembers outer = stored.members();
  auto member = outer.begin();
  if (!stored.is_object() || !(member != outer.end()) || !member->key_is("__data__")) return false;
  const JsonView data = member->value;
  ++member;
  if (!data.is_object() || !(member != outer.end()) || !member->key_is("__type__")) return false;
  const JsonView type = member->value;
  ++member;
  if (member != outer.end()) return false;

  // Classes of one type differ in the name only, which stands near the end: documents are tried in turn.
  const Result<const NodeClass*> selected = NodeClass::select(type, data);
  if (!selected) return false;
  const NodeClass& node_class = **selected;
  size_t at = 0;
  for (const JsonMember& field : data.members()) {
    if (at == node_class.fields.size()) return false;
    const FieldSpec& spec = node_class.fields[at];
    if (!field.key_is(spec.name) || !spec.kind->is_stored_form(field.value)) return false;
    if (spec.kind == &kClassNameField && field.value.text() != spec.default_text) return false;
    fields.values[at++] = field.value;
  }
  if (at != node_class.fields.size()) return false;
  if (node_class.has_document_text &&
      fields.values[kDocumentText].text() != document_text(fields.values[kTextResource])) {
    return false;
  }
  fields.node_class = &node_class;
  fields.stored = stored;
  return true;
}

Result<Json> to_stored_form(JsonView stored) {
  if (!stored.is_object()) return Status::invalid_argument("TypeError: a stored node is not an object");
  const std::optional<JsonView> type = stored.find("__type__");
  if (!type) return Status::invalid_argument("KeyError: '__type__'");
  const std::optional<JsonView> data = stored.find("__data__");
  if (!data) return Status::invalid_argument("KeyError: '__data__'");
  if (!data->is_object()) return Status::invalid_argument("TypeError: __data__ is not an object");
  QUIPU_ASSIGN_OR_RETURN(const NodeClass* const node_class, NodeClass::select(*type, *data));
  if (data->find("extra_info")) {
    if (node_class->type == ObjectType::MULTIMODAL) {
      return Status::invalid_argument("ValueError: Unknown doc type: " + type->string());
    }
    return convert_legacy(*node_class, *data);
  }
  return convert_fields(*node_class, [&](std::string_view name) { return given_field(*data, name); });
}

Result<Json> make_stored_form(const NodeClass& node_class,
                              std::span<const std::pair<std::string, Json>> given) {
  return convert_fields(node_class, [&](std::string_view name) {
    std::optional<JsonView> value;
    for (const auto& [field, json] : given) {
      if (field == name) value = json;
    }
    return value;
  });
}

std::string random_uuid() {
  thread_local std::random_device device;
  std::array<uint32_t, 4> words{};
  for (uint32_t& word : words) word = device();
  std::array<char, 37> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-4%03x-%04x-%04x%08x", words[0], words[1] >> 16,
                words[1] & 0xfff, (words[2] >> 16 & 0x3fff) | 0x8000, words[2] & 0xffff, words[3]);
  return text.data();
}

}  // namespace quipu
