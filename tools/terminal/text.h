// Text for people: what a terminal may show, hexadecimal keys, sizes.

#ifndef QUIPU_TOOLS_TERMINAL_TEXT_H_
#define QUIPU_TOOLS_TERMINAL_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quipu::cli {

// True when `bytes` are UTF-8; a lone surrogate may stand as its three bytes, as in keys from Python.
bool is_text(std::string_view bytes);

// `bytes` as they are when a terminal can show them on one line and a reader can tell where they end; else
// as a JSON string.
std::string printable(std::string_view bytes);

// `text` with every control character and every byte that is no UTF-8 written as \xNN: error messages may
// quote names that somebody else chose.
std::string without_controls(std::string_view text);

std::string to_hex(std::string_view bytes);
// Nothing when `hex` is no even number of hexadecimal digits.
std::optional<std::string> from_hex(std::string_view hex);

// "812 B", "3.4 MB": decimal units.
std::string human_bytes(uint64_t bytes);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_TERMINAL_TEXT_H_
