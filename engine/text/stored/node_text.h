// What of a stored node is searched.

#ifndef QUIPU_ENGINE_TEXT_STORED_NODE_TEXT_H_
#define QUIPU_ENGINE_TEXT_STORED_NODE_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace quipu {

// get_content(MetadataMode.EMBED) of a document store's value; nothing where it is no node, or Python would
// raise: such a value is not indexed. Of several values the same for the same bytes.
std::optional<std::string> text_of_node(std::string_view value);

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_STORED_NODE_TEXT_H_
