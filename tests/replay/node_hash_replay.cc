#include "tests/replay/node_hash_replay.h"

#include "quipu/node.h"
#include "tests/replay/replayer.h"

namespace quipu::testing {
namespace {

MetadataMode mode_of(JsonView args, std::string_view name) {
  const std::string mode = string_arg(args, name, "all");
  if (mode == "embed") return MetadataMode::EMBED;
  if (mode == "llm") return MetadataMode::LLM;
  if (mode == "none") return MetadataMode::NONE;
  return MetadataMode::ALL;
}

Result<std::string> quoted(const Result<std::string>& text) {
  if (!text) return text.error();
  return json_text(*text);
}

}  // namespace

Result<std::string> replay_node_hash(std::string_view op, JsonView args) {
  const JsonView stored = *args.find("node");
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const BaseNode> node,
                         BaseNode::from_json(Json::from_canonical(std::string(stored.text()))));
  if (node->to_json().text() != stored.text()) {
    return Status::corruption("the node's JSON came back as " + node->to_json().text());
  }
  if (op == "hash") return quoted(node->hash());
  if (op == "get_metadata_str") return quoted(node->get_metadata_str(mode_of(args, "mode")));
  if (op == "get_content") return quoted(node->get_content(mode_of(args, "metadata_mode")));
  return Status::not_supported("unknown operation " + std::string(op));
}

}  // namespace quipu::testing
