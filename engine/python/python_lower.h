// Python's str.lower().

#ifndef QUIPU_ENGINE_PYTHON_PYTHON_LOWER_H_
#define QUIPU_ENGINE_PYTHON_PYTHON_LOWER_H_

#include <string>
#include <string_view>

namespace quipu {

// Lower case by the full mappings of Unicode 14.0, as in Python 3.11: "\u0130" becomes two code points, a
// capital sigma at the end of a word its final form. UTF-8, lone surrogates in their three bytes.
std::string python_lower(std::string_view utf8);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PYTHON_PYTHON_LOWER_H_
