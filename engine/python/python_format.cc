// str.format as CPython 3.11 has it (Objects/stringlib/unicode_format.h, Python/formatter_unicode.c), for
// keyword arguments that are all str.

#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/base/utf8.h"
#include "engine/python/python_text.h"

namespace quipu {
namespace {

constexpr int kMaxDepth = 2;               // a field, and fields in its format specification
constexpr size_t kMaxWidth = 16ULL << 20;  // wider output is refused instead of filling memory

Status python_error(std::string_view type, std::string_view message) {
  return Status::invalid_argument(std::string(type) + ": " + std::string(message));
}

size_t code_points(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// The bytes of the first `count` code points.
std::string_view first_code_points(std::string_view text, size_t count) {
  size_t at = 0;
  while (at < text.size() && count > 0) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
    --count;
  }
  return text.substr(0, at);
}

bool is_align(char c) { return c == '<' || c == '>' || c == '=' || c == '^'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct FormatSpec {
  std::string fill = " ";
  char align = '<';
  size_t width = 0;
  std::optional<size_t> precision;
};

Result<size_t> take_number(std::string_view& spec) {
  size_t value = 0;
  const std::from_chars_result read = std::from_chars(spec.data(), spec.data() + spec.size(), value);
  if (read.ec != std::errc() || value > static_cast<size_t>(INT64_MAX)) {
    return python_error("ValueError", "Too many decimal digits in format string");
  }
  spec.remove_prefix(static_cast<size_t>(read.ptr - spec.data()));
  return value;
}

// [[fill]align][sign][z][#][0][width][grouping][.precision][type]
Result<FormatSpec> parse_spec(std::string_view spec) {
  FormatSpec parsed;
  const std::string_view first = first_code_points(spec, 1);
  bool align_given = false;
  if (spec.size() > first.size() && is_align(spec[first.size()])) {
    parsed.fill = first;
    parsed.align = spec[first.size()];
    align_given = true;
    spec.remove_prefix(first.size() + 1);
  } else if (!spec.empty() && is_align(spec.front())) {
    parsed.align = spec.front();
    align_given = true;
    spec.remove_prefix(1);
  }
  const auto take = [&](char c) {
    if (spec.empty() || spec.front() != c) return false;
    spec.remove_prefix(1);
    return true;
  };
  if (take('+') || take('-') || take(' ')) {
    return python_error("ValueError", "Sign not allowed in string format specifier");
  }
  if (take('z')) {
    return python_error("ValueError", "Negative zero coercion (z) not allowed in string format specifier");
  }
  if (take('#'))
    return python_error("ValueError", "Alternate form (#) not allowed in string format specifier");
  if (!spec.empty() && spec.front() == '0') {
    if (!align_given) parsed.fill = "0";
    take('0');
  }
  if (!spec.empty() && is_digit(spec.front())) {
    QUIPU_ASSIGN_OR_RETURN(parsed.width, take_number(spec));
  }
  if (take(',') || take('_')) return python_error("ValueError", "Cannot specify ',' with 's'.");
  if (take('.')) {
    if (spec.empty() || !is_digit(spec.front())) {
      return python_error("ValueError", "Format specifier missing precision");
    }
    QUIPU_ASSIGN_OR_RETURN(parsed.precision, take_number(spec));
  }
  if (parsed.align == '=') {
    return python_error("ValueError", "'=' alignment not allowed in string format specifier");
  }
  if (code_points(spec) > 1) return python_error("ValueError", "Invalid format specifier");
  if (!spec.empty() && spec != "s") {
    return python_error("ValueError",
                        "Unknown format code '" + std::string(spec) + "' for object of type 'str'");
  }
  return parsed;
}

Result<std::string> apply_spec(std::string value, std::string_view spec_text) {
  if (spec_text.empty()) return value;
  QUIPU_ASSIGN_OR_RETURN(const FormatSpec spec, parse_spec(spec_text));
  if (spec.precision) value = first_code_points(value, *spec.precision);
  const size_t length = code_points(value);
  if (spec.width <= length) return value;
  const size_t padding = spec.width - length;
  if (padding > kMaxWidth) return python_error("MemoryError", "a field of " + std::to_string(spec.width));
  const size_t left = spec.align == '>' ? padding : spec.align == '^' ? padding / 2 : 0;
  std::string padded;
  for (size_t i = 0; i < left; ++i) padded += spec.fill;
  padded += value;
  for (size_t i = left; i < padding; ++i) padded += spec.fill;
  return padded;
}

class Formatter {
 public:
  explicit Formatter(std::span<const FormatArgument> arguments) : arguments_(arguments) {}

  Result<std::string> format(std::string_view text, int depth) {
    if (depth < 0) return python_error("ValueError", "Max string recursion exceeded");
    std::string out;
    while (!text.empty()) {
      const size_t brace = text.find_first_of("{}");
      out += text.substr(0, brace);
      if (brace == std::string_view::npos) break;
      const char kind = text[brace];
      text.remove_prefix(brace + 1);
      if (!text.empty() && text.front() == kind) {
        out += kind;
        text.remove_prefix(1);
        continue;
      }
      if (kind == '}') return python_error("ValueError", "Single '}' encountered in format string");
      if (text.empty()) return python_error("ValueError", "Single '{' encountered in format string");
      QUIPU_ASSIGN_OR_RETURN(const size_t length, field_length(text));
      QUIPU_ASSIGN_OR_RETURN(const std::string value, field(text.substr(0, length), depth));
      out += value;
      text.remove_prefix(length + 1);
    }
    return out;
  }

 private:
  // Up to the brace that closes the field; braces inside nest, but for those in [] of its name.
  static Result<size_t> field_length(std::string_view text) {
    int open = 1;
    bool in_name = true;
    bool in_bracket = false;
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (in_name && in_bracket) {
        if (c == ']') in_bracket = false;
        continue;
      }
      if (in_name && c == '[') in_bracket = true;
      if (in_name && (c == ':' || c == '!')) in_name = false;
      if (in_name && c == '{') return python_error("ValueError", "unexpected '{' in field name");
      if (c == '{') ++open;
      if (c == '}' && --open == 0) return i;
    }
    return python_error("ValueError", "expected '}' before end of string");
  }

  Result<std::string> field(std::string_view text, int depth) {
    size_t name_end = 0;
    for (bool in_bracket = false; name_end < text.size(); ++name_end) {
      const char c = text[name_end];
      if (c == '[') in_bracket = true;
      if (c == ']') in_bracket = false;
      if (!in_bracket && (c == ':' || c == '!')) break;
    }
    const std::string_view name = text.substr(0, name_end);
    std::string_view rest = text.substr(name_end);
    char conversion = '\0';
    if (rest.starts_with('!')) {
      const std::string_view letter = first_code_points(rest.substr(1), 1);
      if (letter.empty()) {
        return python_error("ValueError", "end of string while looking for conversion specifier");
      }
      rest.remove_prefix(1 + letter.size());
      if (!rest.empty() && rest.front() != ':') {
        return python_error("ValueError", "expected ':' after conversion specifier");
      }
      conversion = letter.front();
    }
    QUIPU_ASSIGN_OR_RETURN(std::string value, lookup(name));
    QUIPU_ASSIGN_OR_RETURN(value, convert(std::move(value), conversion));
    if (rest.empty()) return value;
    QUIPU_ASSIGN_OR_RETURN(const std::string spec, format(rest.substr(1), depth - 1));
    return apply_spec(std::move(value), spec);
  }

  static Result<std::string> convert(std::string value, char conversion) {
    if (conversion == '\0' || conversion == 's') return value;
    if (conversion != 'r' && conversion != 'a') {
      return python_error("ValueError", "Unknown conversion specifier '" + std::string(1, conversion) + "'");
    }
    std::string repr;
    append_string_repr(value, repr, conversion == 'a');
    return repr;
  }

  Result<std::string> lookup(std::string_view name) const {
    const size_t first_end = std::min(name.find_first_of(".["), name.size());
    const std::string_view first = name.substr(0, first_end);
    if (first.empty() || std::ranges::all_of(first, is_digit)) {
      return python_error("IndexError", "Replacement index " + std::string(first.empty() ? "0" : first) +
                                            " out of range for positional args tuple");
    }
    const auto argument = std::ranges::find(arguments_, first, &FormatArgument::first);
    if (argument == arguments_.end()) {
      std::string repr;
      append_string_repr(first, repr);
      return python_error("KeyError", repr);
    }
    std::string value(argument->second);
    std::string_view rest = name.substr(first_end);
    while (!rest.empty()) {
      QUIPU_ASSIGN_OR_RETURN(value, element(value, rest));
    }
    return value;
  }

  // One .attribute or [index] off the front of `rest`. A str has no attribute whose text is of use.
  static Result<std::string> element(const std::string& value, std::string_view& rest) {
    if (rest.front() == '.') {
      const size_t end = std::min(rest.find_first_of(".[", 1), rest.size());
      const std::string attribute(rest.substr(1, end - 1));
      if (attribute.empty()) return python_error("ValueError", "Empty attribute in format string");
      return python_error("AttributeError", "'str' object has no attribute '" + attribute + "'");
    }
    if (rest.front() != '[') {
      return python_error("ValueError", "Only '.' or '[' may follow ']' in format field specifier");
    }
    const size_t close = rest.find(']');
    if (close == std::string_view::npos) return python_error("ValueError", "Missing ']' in format string");
    const std::string_view index = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (index.empty()) return python_error("ValueError", "Empty attribute in format string");
    if (!std::ranges::all_of(index, is_digit)) {
      return python_error("TypeError", "string indices must be integers, not 'str'");
    }
    size_t place = 0;
    const std::from_chars_result read = std::from_chars(index.data(), index.data() + index.size(), place);
    if (read.ec != std::errc()) return python_error("ValueError", "Too many decimal digits in format string");
    const std::string_view before = first_code_points(value, place);
    if (before.size() >= value.size()) return python_error("IndexError", "string index out of range");
    return std::string(first_code_points(std::string_view(value).substr(before.size()), 1));
  }

  const std::span<const FormatArgument> arguments_;
};

}  // namespace

Result<std::string> python_format(std::string_view format_string, std::span<const FormatArgument> arguments) {
  return Formatter(arguments).format(format_string, kMaxDepth - 1);
}

}  // namespace quipu
