// Floats as Python reads and prints them.

#ifndef QUIPU_ENGINE_JSON_NUMBER_H_
#define QUIPU_ENGINE_JSON_NUMBER_H_

#include <string_view>

namespace quipu {

// float(text): the nearest double; an infinity or a zero beyond its range. REQUIRES: a JSON number or word.
double parse_json_float(std::string_view text);

// True when the text is float.__repr__ of its value. REQUIRES: a JSON number with a fraction or an exponent.
bool is_python_float(std::string_view text);

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_NUMBER_H_
