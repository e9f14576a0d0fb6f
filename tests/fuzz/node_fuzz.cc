// What stores keep as JSON: nodes, index structs, labelled nodes and relations.

#include "quipu/index_store.h"
#include "quipu/node.h"
#include "tests/fuzz/fuzz.h"

namespace quipu::testing {
namespace {

void try_node(const Json& json) {
  const auto node = BaseNode::from_json(Json::from_canonical(std::string(json.text())));
  const Result<NodeFacts> facts = BaseNode::facts(json);
  if (!node) return;
  for (const MetadataMode mode :
       {MetadataMode::ALL, MetadataMode::EMBED, MetadataMode::LLM, MetadataMode::NONE}) {
    (void)(*node)->get_content(mode).has_value();
    (void)(*node)->get_metadata_str(mode).has_value();
  }
  (void)(*node)->as_related_node_info().has_value();
  (void)(*node)->child_nodes().has_value();
  (void)(*node)->embedding();
  const Result<std::string> hash = (*node)->hash();
  const std::string stored((*node)->to_json().text());
  const auto again = BaseNode::from_json(Json::from_canonical(stored));
  require(again.has_value(), "what a node writes can be read");
  require((*again)->to_json().text() == stored, "a node's stored form stays as it is");
  const Result<std::string> hash_again = (*again)->hash();
  require(hash.has_value() == hash_again.has_value(), "a node has a hash when its stored form has one");
  if (hash) require(*hash == *hash_again, "a node's hash is that of its stored form");
  if (facts && hash) require(facts->hash == *hash, "the facts have the node's hash");
}

}  // namespace

void fuzz_one(std::string_view input) {
  const Result<Json> json = Json::parse(input);
  if (!json) return;
  try_node(*json);
  const Result<IndexStruct> index_struct =
      IndexStruct::from_json(Json::from_canonical(std::string(json->text())));
  if (index_struct) {
    const Json written = index_struct->to_json();
    const Result<IndexStruct> again =
        IndexStruct::from_json(Json::from_canonical(std::string(written.text())));
    require(again.has_value(), "what an index struct writes can be read");
    require(again->to_json().text() == written.text(), "an index struct's stored form stays as it is");
  }
  const Result<LabelledNode> labelled = LabelledNode::from_json(*json);
  if (labelled) (void)labelled->id();
  (void)Relation::from_json(*json).has_value();
}

}  // namespace quipu::testing
