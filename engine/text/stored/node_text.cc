#include "engine/text/stored/node_text.h"

#include <memory>

#include "quipu/node.h"

namespace quipu {

std::optional<std::string> text_of_node(std::string_view value) {
  if (!value.starts_with('{')) return std::nullopt;  // no node: a vector, a list, ...
  const Result<std::shared_ptr<const BaseNode>> node =
      BaseNode::from_json(Json::from_canonical(std::string(value)));
  if (!node) return std::nullopt;
  Result<std::string> text = (*node)->get_content(MetadataMode::EMBED);
  if (!text) return std::nullopt;
  return *std::move(text);
}

}  // namespace quipu
