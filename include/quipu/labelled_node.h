// Nodes and relations of a property graph, as LlamaIndex's graph_stores/types.py has them.
//
//   LabelledNode ann = LabelledNode::entity("Ann", {.label = "person"});
//   Relation knows("KNOWS", "Ann", "Bob");
//
// Values are immutable and hold their JSON, which is what the reference's model_dump gives.
// Thread-safety: share them freely. Errors: kInvalidArgument that begins with Python's exception.

#ifndef QUIPU_LABELLED_NODE_H_
#define QUIPU_LABELLED_NODE_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

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

#endif  // QUIPU_LABELLED_NODE_H_
