// Words that say nothing of what a text is about.

#ifndef QUIPU_ENGINE_TEXT_ANALYSIS_STOP_WORDS_H_
#define QUIPU_ENGINE_TEXT_ANALYSIS_STOP_WORDS_H_

#include <span>
#include <string_view>

namespace quipu {

// In the order of their bytes; none where the language has no list.
std::span<const std::string_view> stop_words_of(std::string_view language);

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_ANALYSIS_STOP_WORDS_H_
