// Brings valid JSON text into the form that json.dumps writes.

#ifndef QUIPU_ENGINE_JSON_CANONICALISER_H_
#define QUIPU_ENGINE_JSON_CANONICALISER_H_

#include <string>
#include <string_view>

namespace quipu {

// Appends the canonical text of `value` to `out`. REQUIRES: JsonScanner found all of `value` to be valid; no
// white space around it. Time and memory are linear in the text (n log n where an object repeats keys),
// whatever the nesting.
void append_canonical(std::string_view value, std::string& out);

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_CANONICALISER_H_
