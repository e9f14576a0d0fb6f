// Floats as Python reads and prints them.

#ifndef QUIPU_ENGINE_JSON_NUMBER_H_
#define QUIPU_ENGINE_JSON_NUMBER_H_

#include <string_view>
#include <vector>

namespace quipu {

// float(text): the nearest double; an infinity or a zero beyond its range. REQUIRES: a JSON number or word.
double parse_json_float(std::string_view text);

// True when the text is float.__repr__ of its value. REQUIRES: a JSON number with a fraction or an exponent.
bool is_python_float(std::string_view text);

// The numbers of an array that was scanned, floats in any spelling; false when an element is no number.
bool parse_number_array(std::string_view array, std::vector<double>& numbers);

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_NUMBER_H_
