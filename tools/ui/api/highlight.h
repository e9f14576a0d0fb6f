// The part of a text that shows why it was found.

#ifndef QUIPU_TOOLS_UI_API_HIGHLIGHT_H_
#define QUIPU_TOOLS_UI_API_HIGHLIGHT_H_

#include <string>
#include <string_view>
#include <vector>

#include "quipu/document_store.h"

namespace quipu::ui {

// About 600 bytes of a node's text, in pieces: every second one, from the second on, is a word for which the
// node was found.
std::vector<std::string> highlighted(std::string_view content, const TextExplanation& why);

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_API_HIGHLIGHT_H_
