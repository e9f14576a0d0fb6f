// The part of a text that shows why it was found.

#ifndef QUIPU_TOOLS_UI_API_HIGHLIGHT_H_
#define QUIPU_TOOLS_UI_API_HIGHLIGHT_H_

#include <string>
#include <string_view>
#include <vector>

namespace quipu::ui {

// About 600 bytes of the text, in pieces: every second one, from the second on, is a word of the query or one
// that begins as such a word does.
std::vector<std::string> highlighted(std::string_view text, std::string_view query);

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_API_HIGHLIGHT_H_
