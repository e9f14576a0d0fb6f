#include "quipu/node.h"

#include "engine/node/media_path.h"
#include "engine/node/node_class.h"

namespace quipu {
namespace {

std::string optional_text(const std::optional<std::string>& value) {
  return value ? Json::from_string(*value).text() : "null";
}

std::optional<std::string> optional_string(JsonView value) {
  return value.is_string() ? std::optional(value.string()) : std::nullopt;
}

std::optional<MediaResource> optional_resource(JsonView value) {
  return value.is_null() ? std::nullopt : std::optional(parse_resource(value));
}

std::optional<JsonView> related(JsonView relationships, NodeRelationship relationship) {
  return relationships.find(std::to_string(static_cast<int>(relationship)));
}

Result<NodeFacts> facts_of(const NodeFields& fields) {
  NodeFacts facts;
  facts.id = fields.values[0].string();
  facts.metadata = fields.values[kMetadata];
  facts.stored = fields.stored;
  facts.is_stored_form = true;
  if (const auto source = related(fields.values[kRelationships], NodeRelationship::SOURCE)) {
    if (source->is_array()) {
      return Status::invalid_argument("Source object must be a single RelatedNodeInfo object");
    }
    facts.has_source = true;
    facts.ref_doc_id = source->find("node_id")->string();
  }
  QUIPU_ASSIGN_OR_RETURN(facts.hash, fields.node_class->hash(fields));
  return facts;
}

}  // namespace

Json RelatedNodeInfo::to_json() const {
  return Json::from_canonical("{\"node_id\": " + Json::from_string(node_id).text() +
                              ", \"node_type\": " + optional_text(node_type) +
                              ", \"metadata\": " + metadata.text() + ", \"hash\": " + optional_text(hash) +
                              ", \"class_name\": \"RelatedNodeInfo\"}");
}

Json resource_to_json(const MediaResource& resource, JsonView embeddings) {
  std::optional<std::string> path = resource.path;
  std::optional<std::string> mimetype = resource.mimetype;
  if (path) {
    if (const std::string_view known = mimetype_of_path(*path); !mimetype && !known.empty()) mimetype = known;
    path = python_path(*path);
  }
  return Json::from_canonical(
      "{\"embeddings\": " + std::string(embeddings.text()) + ", \"text\": " + optional_text(resource.text) +
      ", \"path\": " + optional_text(path) + ", \"url\": " + optional_text(resource.url) +
      ", \"mimetype\": " + optional_text(mimetype) + "}");
}

Json MediaResource::to_json() const { return resource_to_json(*this, JsonView()); }

Result<std::shared_ptr<const BaseNode>> BaseNode::from_json(Json stored) {
  NodeFields fields;
  if (!read_stored_form(stored, fields)) {
    QUIPU_ASSIGN_OR_RETURN(stored, to_stored_form(stored));
    if (!read_stored_form(stored, fields)) {
      return Status::invalid_argument("ValidationError: a node could not be brought into its stored form");
    }
  }
  // The text may move when it is short; the views move with it.
  const char* const before = stored.text().data();
  std::string text = std::move(stored).release();
  const auto moved = [&](JsonView view) {
    const size_t offset = static_cast<size_t>(view.text().data() - before);
    return JsonView::from_canonical(std::string_view(text).substr(offset, view.text().size()));
  };
  if (text.data() != before) {
    for (size_t i = 0; i < fields.node_class->fields.size(); ++i) fields.values[i] = moved(fields.values[i]);
    fields.stored = JsonView::from_canonical(text);
  }
  return fields.node_class->make(Json::from_canonical(std::move(text)), fields);
}

Result<NodeFacts> BaseNode::facts(JsonView stored) {
  NodeFields fields;
  if (read_stored_form(stored, fields)) return facts_of(fields);
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const BaseNode> node,
                         from_json(Json::from_canonical(std::string(stored.text()))));
  QUIPU_ASSIGN_OR_RETURN(NodeFacts facts, node->facts());
  facts.metadata = JsonView();  // the node that it is of goes
  facts.stored = stored;
  facts.is_stored_form = false;
  return facts;
}

Result<NodeFacts> BaseNode::facts() const { return facts_of(fields_); }

Result<std::string> BaseNode::hash() const { return fields_.node_class->hash(fields_); }
ObjectType BaseNode::get_type() const { return fields_.node_class->type; }
std::string_view BaseNode::class_name() const { return fields_.node_class->name; }

std::optional<std::vector<double>> BaseNode::embedding() const { return parse_floats(field(kEmbedding)); }
std::vector<std::string> BaseNode::excluded_embed_metadata_keys() const {
  return parse_strings(field(kExcludedEmbedKeys));
}
std::vector<std::string> BaseNode::excluded_llm_metadata_keys() const {
  return parse_strings(field(kExcludedLlmKeys));
}

Result<std::optional<RelatedNodeInfo>> BaseNode::single(NodeRelationship relationship,
                                                        std::string_view name) const {
  const std::optional<JsonView> found = related(relationships(), relationship);
  if (!found) return std::optional<RelatedNodeInfo>();
  if (found->is_array()) {
    return Status::invalid_argument(std::string(name) + " object must be a single RelatedNodeInfo object");
  }
  return std::optional<RelatedNodeInfo>(parse_related_node(*found));
}

Result<std::optional<RelatedNodeInfo>> BaseNode::source_node() const {
  return single(NodeRelationship::SOURCE, "Source");
}
Result<std::optional<RelatedNodeInfo>> BaseNode::prev_node() const {
  return single(NodeRelationship::PREVIOUS, "Previous");
}
Result<std::optional<RelatedNodeInfo>> BaseNode::next_node() const {
  return single(NodeRelationship::NEXT, "Next");
}
Result<std::optional<RelatedNodeInfo>> BaseNode::parent_node() const {
  return single(NodeRelationship::PARENT, "Parent");
}

Result<std::optional<std::vector<RelatedNodeInfo>>> BaseNode::child_nodes() const {
  const std::optional<JsonView> found = related(relationships(), NodeRelationship::CHILD);
  if (!found) return std::optional<std::vector<RelatedNodeInfo>>();
  if (!found->is_array()) {
    return Status::invalid_argument("Child objects must be a list of RelatedNodeInfo objects.");
  }
  std::vector<RelatedNodeInfo> children;
  for (const JsonView child : found->elements()) children.push_back(parse_related_node(child));
  return std::optional(std::move(children));
}

Result<std::optional<std::string>> BaseNode::ref_doc_id() const {
  QUIPU_ASSIGN_OR_RETURN(std::optional<RelatedNodeInfo> source, source_node());
  return source ? std::optional(std::move(source->node_id)) : std::nullopt;
}

Result<RelatedNodeInfo> BaseNode::as_related_node_info() const {
  RelatedNodeInfo info;
  info.node_id = node_id();
  info.node_type = std::to_string(static_cast<int>(get_type()));
  info.metadata = Json::from_canonical(std::string(metadata().text()));
  QUIPU_ASSIGN_OR_RETURN(info.hash, hash());
  return info;
}

std::optional<std::string> ImageNode::image() const { return optional_string(field(kImage)); }
std::optional<std::string> ImageNode::image_path() const { return optional_string(field(kImage + 1)); }
std::optional<std::string> ImageNode::image_url() const { return optional_string(field(kImage + 2)); }
std::optional<std::string> ImageNode::image_mimetype() const { return optional_string(field(kImage + 3)); }
std::optional<std::vector<double>> ImageNode::text_embedding() const {
  return parse_floats(field(kImage + 4));
}

std::optional<MediaResource> Node::text_resource() const { return optional_resource(field(kTextResource)); }
std::optional<MediaResource> Node::image_resource() const { return optional_resource(field(kImageResource)); }
std::optional<MediaResource> Node::audio_resource() const { return optional_resource(field(kAudioResource)); }
std::optional<MediaResource> Node::video_resource() const { return optional_resource(field(kVideoResource)); }

}  // namespace quipu
