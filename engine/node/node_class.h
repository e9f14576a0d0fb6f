// NodeClass: the fields of each node class, in the order in which the reference writes them, with the kind
// and the default of each. Everything that depends on the class is in one table.

#ifndef QUIPU_ENGINE_NODE_NODE_CLASS_H_
#define QUIPU_ENGINE_NODE_NODE_CLASS_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "quipu/node.h"

namespace quipu {

// Places that classes share.
inline constexpr size_t kEmbedding = 1;
inline constexpr size_t kMetadata = 2;
inline constexpr size_t kExcludedEmbedKeys = 3;
inline constexpr size_t kExcludedLlmKeys = 4;
inline constexpr size_t kRelationships = 5;
inline constexpr size_t kMetadataTemplate = 6;
inline constexpr size_t kMetadataSeparator = 7;
inline constexpr size_t kText = 8;          // text nodes
inline constexpr size_t kTextResource = 8;  // nodes of resources: text, image, audio, video
inline constexpr size_t kImageResource = 9;
inline constexpr size_t kAudioResource = 10;
inline constexpr size_t kVideoResource = 11;
inline constexpr size_t kTextTemplate = 12;
inline constexpr size_t kImage = 13;         // image nodes: image, path, url, mimetype, embedding
inline constexpr size_t kDocumentText = 14;  // behind class_name

// What a field may hold. `is_stored_form` says whether a value is as the reference writes it; `convert`
// brings what pydantic accepts into that form, or fails with what is wrong.
struct FieldKind {
  bool (*is_stored_form)(JsonView value);
  Result<Json> (*convert)(JsonView value);
};

struct FieldSpec {
  std::string_view name;
  const FieldKind* kind;
  std::string_view default_text;  // empty: the field must be given
};

class NodeClass {
 public:
  std::string_view name;
  ObjectType type;
  std::span<const FieldSpec> fields;
  bool has_document_text;
  Result<std::string> (*hash)(const NodeFields& fields);
  std::shared_ptr<const BaseNode> (*make)(Json json, const NodeFields& fields);

  // The class that json_to_doc takes. `data` is the object under __data__.
  static Result<const NodeClass*> select(JsonView type, JsonView data);
  static const NodeClass& named(std::string_view name);
};

// How the classes are hashed (node_hash.cc).
Result<std::string> hash_text_node(const NodeFields& fields);
Result<std::string> hash_image_node(const NodeFields& fields);
Result<std::string> hash_resource_node(const NodeFields& fields);

// get_metadata_str over fields (node_content.cc).
Result<std::string> metadata_str(const NodeFields& fields, MetadataMode mode);

// Kinds (field_kinds.cc).
extern const FieldKind kStringField;
extern const FieldKind kOptionalStringField;
extern const FieldKind kOptionalIntField;
extern const FieldKind kOptionalFloatsField;
extern const FieldKind kStringsField;
extern const FieldKind kObjectField;
extern const FieldKind kRelationshipsField;
extern const FieldKind kResourceField;
extern const FieldKind kObjField;
extern const FieldKind kClassNameField;

// ---- parsing (node_parse.cc) ----

// Fills `fields` when `stored` is in the form that the reference writes; false otherwise, without an error.
bool read_stored_form(JsonView stored, NodeFields& fields);
// The form that the reference would write for `stored`. Errors: as json_to_doc raises.
Result<Json> to_stored_form(JsonView stored);
// The text of a node of a class with some fields given; others have their defaults.
Result<Json> make_stored_form(const NodeClass& node_class,
                              std::span<const std::pair<std::string, Json>> given);
std::string random_uuid();
MediaResource parse_resource(JsonView resource);
// As the reference writes it: its path and mimetype are what pydantic makes of them.
Json resource_to_json(const MediaResource& resource, JsonView embeddings);
RelatedNodeInfo parse_related_node(JsonView info);
std::vector<std::string> parse_strings(JsonView array);
std::optional<std::vector<double>> parse_floats(JsonView array);

}  // namespace quipu

#endif  // QUIPU_ENGINE_NODE_NODE_CLASS_H_
