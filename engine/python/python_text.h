// What Python does with text: repr, str.format, str.strip. Strings are UTF-8 with lone surrogates as three
// bytes.

#ifndef QUIPU_ENGINE_PYTHON_PYTHON_TEXT_H_
#define QUIPU_ENGINE_PYTHON_PYTHON_TEXT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

bool is_printable(uint32_t code_point);

// repr(string); with `ascii_only` what ascii() gives.
void append_string_repr(std::string_view string, std::string& out, bool ascii_only = false);
// repr(json.loads(text)).
void append_repr(JsonView value, std::string& out);
// str(json.loads(text)): a string as it is, all else its repr.
std::string python_str(JsonView value);

std::string_view python_strip(std::string_view text);

using FormatArgument = std::pair<std::string_view, std::string_view>;
// format_string.format(**arguments), all of them str. Errors: kInvalidArgument that begins with the name of
// the exception that Python raises.
Result<std::string> python_format(std::string_view format_string, std::span<const FormatArgument> arguments);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PYTHON_PYTHON_TEXT_H_
