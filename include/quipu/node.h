// Nodes and documents, as LlamaIndex's schema.py has them, over the JSON in which stores keep them.
//
//   auto node = TextNodeBuilder().id("n1").text("hello").metadata(*Json::parse(R"({"page": 1})")).build();
//   std::string hash = *(*node)->hash();            // the reference's node.hash, to the bit
//   auto loaded = BaseNode::from_json((*node)->to_json());
//
// BaseNode                        TextNode is stored as __type__ "1", ImageNode "2", IndexNode "3",
//  ├ TextNode                     Document and ImageDocument "4", Node "5".
//  │   ├ ImageNode
//  │   └ IndexNode
//  └ Node ─ Document ─ ImageDocument
//
// A node is immutable. It holds one JSON text and views into it; nothing is parsed into a tree.
// Thread-safety: any number of threads may read one node. Views that it returns live as long as the node.
// Errors: kInvalidArgument whose message begins with the name of the exception that Python raises, for
// example "KeyError: 'class_name'" or "ValidationError: ...". Cost: from_json is one walk over the text;
// hash() is that of SHA-256 over text and metadata.

#ifndef QUIPU_NODE_H_
#define QUIPU_NODE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

// The keys of a node's relationships, as the reference numbers them.
enum class NodeRelationship { SOURCE = 1, PREVIOUS = 2, NEXT = 3, PARENT = 4, CHILD = 5 };
enum class ObjectType { TEXT = 1, IMAGE = 2, INDEX = 3, DOCUMENT = 4, MULTIMODAL = 5 };
// Which metadata counts: all, or all but the keys excluded for embedding or for the LLM, or none.
enum class MetadataMode { ALL, EMBED, LLM, NONE };

struct RelatedNodeInfo {
  std::string node_id;
  std::optional<std::string> node_type;  // "1".."5", or any other text
  Json metadata = Json::from_canonical("{}");
  std::optional<std::string> hash;

  Json to_json() const;
};

// Content of a Node or Document: a text, or where to find something else.
struct MediaResource {
  std::optional<std::string> text;
  std::optional<std::string> path;
  std::optional<std::string> url;
  std::optional<std::string> mimetype;

  // The path as Python's pathlib writes it; a mimetype that is not given is that of the path's suffix, if the
  // reference knows it.
  Json to_json() const;
  // Errors: UnicodeEncodeError for a lone surrogate.
  Result<std::string> hash() const;
};

// What a store needs to know of a node to add it. Views live as long as the text they were taken from.
struct NodeFacts {
  std::string id;
  bool has_source = false;
  std::optional<std::string> ref_doc_id;  // the source's id
  JsonView metadata;
  std::string hash;
  JsonView stored;
  // False where the reference would store the node in another form than it was given in (the legacy form,
  // missing or unknown fields): then BaseNode::from_json(...)->to_json() has the form to be stored.
  bool is_stored_form = false;
};

class NodeClass;  // of the implementation: which fields a class has, and how it is hashed

// The fields of a node's __data__ as views into its text, in the order of its class.
struct NodeFields {
  static constexpr size_t kMax = 20;
  const NodeClass* node_class = nullptr;
  JsonView stored;
  std::array<JsonView, kMax> values;
};

class BaseNode {
 public:
  virtual ~BaseNode() = default;
  BaseNode(const BaseNode&) = delete;
  BaseNode& operator=(const BaseNode&) = delete;

  // A node from what a store holds, {"__data__": {...}, "__type__": "1"}; the reference's json_to_doc. The
  // legacy form is read too.
  static Result<std::shared_ptr<const BaseNode>> from_json(Json stored);
  // The same, for the facts only: no node is built.
  static Result<NodeFacts> facts(JsonView stored);
  Result<NodeFacts> facts() const;

  // The reference's doc_to_json: the text that a store keeps. The text given to from_json when it was in that
  // form.
  const Json& to_json() const { return json_; }

  ObjectType get_type() const;
  std::string_view class_name() const;

  std::string node_id() const { return field(0).string(); }
  std::optional<std::vector<double>> embedding() const;
  JsonView metadata() const { return field(2); }
  std::vector<std::string> excluded_embed_metadata_keys() const;
  std::vector<std::string> excluded_llm_metadata_keys() const;
  JsonView relationships() const { return field(5); }
  std::string metadata_template() const { return field(6).string(); }
  std::string metadata_separator() const { return field(7).string(); }

  // Related nodes; nothing when there is none. Errors: the reference's ValueErrors, "Source object must be a
  // single RelatedNodeInfo object" and the like.
  Result<std::optional<RelatedNodeInfo>> source_node() const;
  Result<std::optional<RelatedNodeInfo>> prev_node() const;
  Result<std::optional<RelatedNodeInfo>> next_node() const;
  Result<std::optional<RelatedNodeInfo>> parent_node() const;
  Result<std::optional<std::vector<RelatedNodeInfo>>> child_nodes() const;
  Result<std::optional<std::string>> ref_doc_id() const;
  Result<RelatedNodeInfo> as_related_node_info() const;

  Result<std::string> get_metadata_str(MetadataMode mode = MetadataMode::ALL) const;
  virtual Result<std::string> get_content(MetadataMode mode = MetadataMode::NONE) const = 0;
  Result<std::string> hash() const;

 protected:
  BaseNode(Json json, const NodeFields& fields) : json_(std::move(json)), fields_(fields) {}
  JsonView field(size_t index) const { return fields_.values[index]; }

 private:
  Result<std::optional<RelatedNodeInfo>> single(NodeRelationship relationship, std::string_view name) const;

  const Json json_;
  const NodeFields fields_;  // views into json_
};

class TextNode : public BaseNode {
 public:
  TextNode(Json json, const NodeFields& fields) : BaseNode(std::move(json), fields) {}
  std::string text() const { return field(8).string(); }
  std::string mimetype() const { return field(9).string(); }
  std::optional<int64_t> start_char_idx() const { return field(10).int64(); }
  std::optional<int64_t> end_char_idx() const { return field(11).int64(); }
  std::string text_template() const { return field(12).string(); }
  Result<std::string> get_content(MetadataMode mode = MetadataMode::NONE) const override;
};

class ImageNode : public TextNode {
 public:
  using TextNode::TextNode;
  std::optional<std::string> image() const;
  std::optional<std::string> image_path() const;
  std::optional<std::string> image_url() const;
  std::optional<std::string> image_mimetype() const;
  std::optional<std::vector<double>> text_embedding() const;
};

class IndexNode : public TextNode {
 public:
  using TextNode::TextNode;
  std::string index_id() const { return field(13).string(); }
  JsonView obj() const { return field(14); }  // null, a node's JSON, or any other JSON
};

class Node : public BaseNode {
 public:
  Node(Json json, const NodeFields& fields) : BaseNode(std::move(json), fields) {}
  std::optional<MediaResource> text_resource() const;
  std::optional<MediaResource> image_resource() const;
  std::optional<MediaResource> audio_resource() const;
  std::optional<MediaResource> video_resource() const;
  std::string text_template() const { return field(12).string(); }
  Result<std::string> get_content(MetadataMode mode = MetadataMode::NONE) const override;
};

class Document : public Node {
 public:
  using Node::Node;
  std::string text() const { return field(14).string(); }
  std::string doc_id() const { return node_id(); }
};

class ImageDocument : public Document {
 public:
  using Document::Document;
};

// ---- building ----

// What all builders share; `Self` is the builder, `Built` its node class. A field that is not set has the
// reference's default; an id that is not set is a random UUID.
template <class Self, class Built>
class NodeBuilder {
 public:
  Self& id(std::string_view id) { return set("id_", Json::from_string(id)); }
  Self& embedding(std::span<const double> embedding);
  // REQUIRES: an object; build() says so otherwise.
  Self& metadata(Json metadata) { return set("metadata", std::move(metadata)); }
  Self& excluded_embed_metadata_keys(std::span<const std::string> keys);
  Self& excluded_llm_metadata_keys(std::span<const std::string> keys);
  Self& relationship(NodeRelationship relationship, const RelatedNodeInfo& node);
  Self& relationship(NodeRelationship relationship, std::span<const RelatedNodeInfo> nodes);
  Self& metadata_template(std::string_view text) { return set("metadata_template", Json::from_string(text)); }
  Self& metadata_separator(std::string_view text) {
    return set("metadata_separator", Json::from_string(text));
  }
  Self& text_template(std::string_view text) { return set("text_template", Json::from_string(text)); }

  Result<std::shared_ptr<const Built>> build() const;

 protected:
  Self& set(std::string_view field, Json value) {
    fields_.emplace_back(field, std::move(value));
    return static_cast<Self&>(*this);
  }

 private:
  std::vector<std::pair<std::string, Json>> fields_;  // a later one of a name wins
  std::vector<std::pair<int, Json>> relationships_;
};

template <class Self, class Built>
class TextNodeBuilderBase : public NodeBuilder<Self, Built> {
 public:
  Self& text(std::string_view text) { return this->set("text", Json::from_string(text)); }
  Self& mimetype(std::string_view text) { return this->set("mimetype", Json::from_string(text)); }
  Self& start_char_idx(int64_t index) { return this->set("start_char_idx", Json::from_int(index)); }
  Self& end_char_idx(int64_t index) { return this->set("end_char_idx", Json::from_int(index)); }
};

class TextNodeBuilder : public TextNodeBuilderBase<TextNodeBuilder, TextNode> {};

class ImageNodeBuilder : public TextNodeBuilderBase<ImageNodeBuilder, ImageNode> {
 public:
  ImageNodeBuilder& image(std::string_view base64) { return set("image", Json::from_string(base64)); }
  ImageNodeBuilder& image_path(std::string_view path) { return set("image_path", Json::from_string(path)); }
  ImageNodeBuilder& image_url(std::string_view url) { return set("image_url", Json::from_string(url)); }
  ImageNodeBuilder& image_mimetype(std::string_view type) {
    return set("image_mimetype", Json::from_string(type));
  }
  ImageNodeBuilder& text_embedding(std::span<const double> embedding);
};

class IndexNodeBuilder : public TextNodeBuilderBase<IndexNodeBuilder, IndexNode> {
 public:
  IndexNodeBuilder& index_id(std::string_view id) { return set("index_id", Json::from_string(id)); }
  IndexNodeBuilder& obj(const BaseNode& node) { return set("obj", node.to_json()); }
};

template <class Self, class Built>
class ResourceNodeBuilder : public NodeBuilder<Self, Built> {
 public:
  Self& text_resource(const MediaResource& resource) {
    return this->set("text_resource", resource.to_json());
  }
  Self& image_resource(const MediaResource& resource) {
    return this->set("image_resource", resource.to_json());
  }
  Self& audio_resource(const MediaResource& resource) {
    return this->set("audio_resource", resource.to_json());
  }
  Self& video_resource(const MediaResource& resource) {
    return this->set("video_resource", resource.to_json());
  }
};

class NodeNodeBuilder : public ResourceNodeBuilder<NodeNodeBuilder, Node> {};

class DocumentBuilder : public ResourceNodeBuilder<DocumentBuilder, Document> {
 public:
  // As Document(text=...): an empty text is no text resource.
  DocumentBuilder& text(std::string_view text) { return set("text", Json::from_string(text)); }
};

class ImageDocumentBuilder : public ResourceNodeBuilder<ImageDocumentBuilder, ImageDocument> {
 public:
  ImageDocumentBuilder& text(std::string_view text) { return set("text", Json::from_string(text)); }
};

// Nodes and relations of a property graph, as LlamaIndex's graph_stores/types.py has them.
//
//   LabelledNode ann = LabelledNode::entity("Ann", {.label = "person"});
//   Relation knows("KNOWS", "Ann", "Bob");
//
// Values are immutable and hold their JSON, which is what the reference's model_dump gives.
// Thread-safety: share them freely. Errors: kInvalidArgument that begins with Python's exception.

// What both kinds of node share.
struct LabelledNodeFields {
  std::optional<std::string> label = std::nullopt;  // "entity" or "text_chunk"
  std::optional<std::vector<double>> embedding = std::nullopt;
  Json properties = Json::from_canonical("{}");
};

// The reference's EntityNode and ChunkNode.
class LabelledNode {
 public:
  using Fields = LabelledNodeFields;

  static LabelledNode entity(std::string_view name, const Fields& fields = {});
  // Without an id, the id is the text's SHA-256 in hex. (The reference takes Python's hash(), which differs
  // from one process to the next.)
  static LabelledNode chunk(std::string_view text, std::optional<std::string_view> id = std::nullopt,
                            const Fields& fields = {});
  // An object with "name" is an entity, one with "text" a chunk. Unknown members are dropped, missing ones
  // get their defaults, embeddings become floats.
  static Result<LabelledNode> from_json(JsonView node);

  // Takes what to_json() gave, unchecked, and the key under which it is stored: that is the id of a chunk
  // that has none, and what is made of it says so.
  static LabelledNode from_stored(Json node, std::string_view key);

  // {"label", "embedding", "properties", "name"} or {..., "text", "id_"}.
  const Json& to_json() const { return json_; }

  // An entity's name with each " replaced by a space; a chunk's id.
  const std::string& id() const { return id_; }
  bool is_chunk() const { return is_chunk_; }
  std::string label() const { return json_.view().find("label")->string(); }
  std::string name() const { return json_.view().find("name")->string(); }  // REQUIRES: an entity
  std::string text() const { return json_.view().find("text")->string(); }  // REQUIRES: a chunk
  std::optional<std::vector<double>> embedding() const;
  JsonView properties() const { return *json_.view().find("properties"); }

 private:
  LabelledNode(Json json, std::string id, bool is_chunk)
      : json_(std::move(json)), id_(std::move(id)), is_chunk_(is_chunk) {}

  Json json_;
  std::string id_;
  bool is_chunk_;
};

// The id of an entity of this name: each " is replaced by a space.
std::string entity_id(std::string name);

class Relation {
 public:
  Relation(std::string_view label, std::string_view source_id, std::string_view target_id,
           JsonView properties = JsonView::from_canonical("{}"));
  static Result<Relation> from_json(JsonView relation);
  // Takes what to_json() gave, unchecked.
  static Relation from_stored(Json relation);

  // {"label", "source_id", "target_id", "properties"}.
  const Json& to_json() const { return json_; }
  const std::string& id() const { return label_; }
  const std::string& label() const { return label_; }
  const std::string& source_id() const { return source_id_; }
  const std::string& target_id() const { return target_id_; }
  JsonView properties() const { return *json_.view().find("properties"); }

 private:
  Relation() = default;

  std::string label_;
  std::string source_id_;
  std::string target_id_;
  Json json_;
};

struct Triplet {
  LabelledNode source;
  Relation relation;
  LabelledNode target;
};

}  // namespace quipu

#endif  // QUIPU_NODE_H_
