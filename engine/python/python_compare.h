// Python's comparisons of values that came from JSON: ==, <, and in. Ints of any length against floats are
// exact, True is 1, dicts compare without order, strings by code point.

#ifndef QUIPU_ENGINE_PYTHON_PYTHON_COMPARE_H_
#define QUIPU_ENGINE_PYTHON_PYTHON_COMPARE_H_

#include <compare>
#include <string>
#include <string_view>

#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

// a == b.
bool python_equal(JsonView a, JsonView b);

// How a and b order; unordered where one is NaN. `op` is the operator for the message.
// Errors: kInvalidArgument "TypeError: '<' not supported between instances of 'int' and 'str'".
Result<std::partial_ordering> python_order(JsonView a, JsonView b, std::string_view op);

// element in container. Errors: kInvalidArgument "TypeError: argument of type 'int' is not iterable" and
// "TypeError: 'in <string>' requires string as left operand, not int".
Result<bool> python_in(JsonView element, JsonView container);

// type(value).__name__.
std::string_view python_type_name(JsonView value);

// Both numbers (bool included), exactly. REQUIRES: neither is another kind.
std::partial_ordering compare_numbers(JsonView a, JsonView b);

// Canonical texts of decoded strings, by code point.
std::strong_ordering compare_strings(std::string_view a, std::string_view b);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PYTHON_PYTHON_COMPARE_H_
