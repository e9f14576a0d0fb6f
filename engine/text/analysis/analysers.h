// The kinds of analysers, as Analyser::make() makes them.

#ifndef QUIPU_ENGINE_TEXT_ANALYSIS_ANALYSERS_H_
#define QUIPU_ENGINE_TEXT_ANALYSIS_ANALYSERS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/analysis/analyser.h"

namespace quipu {

// The word as a term; a long one in `buffer`.
std::string_view term_of(std::string_view word, std::string& buffer);

std::unique_ptr<Analyser> make_word_analyser();
std::unique_ptr<Analyser> make_whitespace_analyser();
// Null where ICU lacks its data.
std::unique_ptr<Analyser> make_icu_analyser();
// Null where Snowball does not know the language.
std::unique_ptr<Analyser> make_snowball_analyser(const std::string& language);
std::vector<std::string> snowball_languages();

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_ANALYSIS_ANALYSERS_H_
