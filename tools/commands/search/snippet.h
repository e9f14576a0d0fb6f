// snippet: the part of a text that shows why it was found, on one line.

#ifndef QUIPU_TOOLS_COMMANDS_SEARCH_SNIPPET_H_
#define QUIPU_TOOLS_COMMANDS_SEARCH_SNIPPET_H_

#include <string>
#include <string_view>

#include "quipu/document_store.h"

namespace quipu::cli {

// About 100 bytes of the text with as many of its places as can be had; of `content`, the node's text without
// its metadata, where a place is there. White space is one space, control characters are \xNN. `highlight`:
// the places are bold, for a terminal.
std::string snippet(const TextExplanation& explanation, std::string_view content, bool highlight);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_COMMANDS_SEARCH_SNIPPET_H_
