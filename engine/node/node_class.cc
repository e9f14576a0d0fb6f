#include "engine/node/node_class.h"

#include <array>

namespace quipu {
namespace {

template <class T>
std::shared_ptr<const BaseNode> make_node(Json json, const NodeFields& fields) {
  return std::make_shared<T>(std::move(json), fields);
}

template <size_t... kCounts>
constexpr auto concatenate(const std::array<FieldSpec, kCounts>&... parts) {
  std::array<FieldSpec, (kCounts + ...)> all{};
  size_t at = 0;
  const auto append = [&](const auto& part) {
    for (const FieldSpec& field : part) all[at++] = field;
  };
  (append(parts), ...);
  return all;
}

constexpr std::string_view kTextTemplateDefault = "\"{metadata_str}\\n\\n{content}\"";

// What every class begins with.
constexpr std::array<FieldSpec, 8> kBaseFields = {{{"id_", &kStringField, ""},
                                                   {"embedding", &kOptionalFloatsField, "null"},
                                                   {"metadata", &kObjectField, "{}"},
                                                   {"excluded_embed_metadata_keys", &kStringsField, "[]"},
                                                   {"excluded_llm_metadata_keys", &kStringsField, "[]"},
                                                   {"relationships", &kRelationshipsField, "{}"},
                                                   {"metadata_template", &kStringField, "\"{key}: {value}\""},
                                                   {"metadata_separator", &kStringField, "\"\\n\""}}};
constexpr auto kTextFields = concatenate(
    kBaseFields, std::array<FieldSpec, 5>{{{"text", &kStringField, "\"\""},
                                           {"mimetype", &kStringField, "\"text/plain\""},
                                           {"start_char_idx", &kOptionalIntField, "null"},
                                           {"end_char_idx", &kOptionalIntField, "null"},
                                           {"text_template", &kStringField, kTextTemplateDefault}}});
constexpr auto kResourceFields = concatenate(
    kBaseFields, std::array<FieldSpec, 5>{{{"text_resource", &kResourceField, "null"},
                                           {"image_resource", &kResourceField, "null"},
                                           {"audio_resource", &kResourceField, "null"},
                                           {"video_resource", &kResourceField, "null"},
                                           {"text_template", &kStringField, kTextTemplateDefault}}});

constexpr std::array<FieldSpec, 1> class_name_field(std::string_view quoted_name) {
  return {{{"class_name", &kClassNameField, quoted_name}}};
}
constexpr std::array<FieldSpec, 1> kDocumentTextField = {{{"text", &kStringField, "\"\""}}};

constexpr auto kTextNodeFields = concatenate(kTextFields, class_name_field("\"TextNode\""));
constexpr auto kImageNodeFields =
    concatenate(kTextFields,
                std::array<FieldSpec, 5>{{{"image", &kOptionalStringField, "null"},
                                          {"image_path", &kOptionalStringField, "null"},
                                          {"image_url", &kOptionalStringField, "null"},
                                          {"image_mimetype", &kOptionalStringField, "null"},
                                          {"text_embedding", &kOptionalFloatsField, "null"}}},
                class_name_field("\"ImageNode\""));
constexpr auto kIndexNodeFields = concatenate(
    kTextFields, std::array<FieldSpec, 2>{{{"index_id", &kStringField, ""}, {"obj", &kObjField, "null"}}},
    class_name_field("\"IndexNode\""));
constexpr auto kNodeFields = concatenate(kResourceFields, class_name_field("\"Node\""));
constexpr auto kDocumentFields =
    concatenate(kResourceFields, class_name_field("\"Document\""), kDocumentTextField);
constexpr auto kImageDocumentFields =
    concatenate(kResourceFields, class_name_field("\"ImageDocument\""), kDocumentTextField);

constexpr std::array kClasses = {
    NodeClass{"TextNode", ObjectType::TEXT, kTextNodeFields, false, hash_text_node, make_node<TextNode>},
    NodeClass{"ImageNode", ObjectType::IMAGE, kImageNodeFields, false, hash_image_node, make_node<ImageNode>},
    NodeClass{"IndexNode", ObjectType::INDEX, kIndexNodeFields, false, hash_text_node, make_node<IndexNode>},
    NodeClass{"Document", ObjectType::DOCUMENT, kDocumentFields, true, hash_resource_node,
              make_node<Document>},
    NodeClass{"ImageDocument", ObjectType::DOCUMENT, kImageDocumentFields, true, hash_resource_node,
              make_node<ImageDocument>},
    NodeClass{"Node", ObjectType::MULTIMODAL, kNodeFields, false, hash_resource_node, make_node<Node>},
};

Status unknown_type(JsonView type) {
  return Status::invalid_argument("ValueError: Unknown doc type: " +
                                  (type.is_string() ? type.string() : std::string(type.text())));
}

}  // namespace

const NodeClass& NodeClass::named(std::string_view name) {
  for (const NodeClass& node_class : kClasses) {
    if (node_class.name == name) return node_class;
  }
  return kClasses.front();
}

Result<const NodeClass*> NodeClass::select(JsonView type, JsonView data) {
  const bool one_digit = type.text().size() == 3 && type.is_string();
  const int number = one_digit ? type.text()[1] - '0' : 0;
  if (number == static_cast<int>(ObjectType::DOCUMENT) && !data.find("extra_info")) {
    const std::optional<JsonView> name = data.find("class_name");
    if (!name) return Status::invalid_argument("KeyError: 'class_name'");
    return &named(name->text() == "\"ImageDocument\"" ? "ImageDocument" : "Document");
  }
  for (const NodeClass& node_class : kClasses) {
    if (static_cast<int>(node_class.type) == number) return &node_class;
  }
  return unknown_type(type);
}

}  // namespace quipu
