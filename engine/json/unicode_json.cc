#include "engine/json/unicode_json.h"

#include <array>
#include <cstdio>

namespace quipu {
namespace {

constexpr char kSurrogateLead = static_cast<char>(0xed);  // U+D800 is ED A0 80, U+DFFF ED BF BF

// The escapes of serde_json, which pydantic writes with.
void append_escape(char c, std::string& out) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\t': out += "\\t"; return;
    case '\n': out += "\\n"; return;
    case '\f': out += "\\f"; return;
    case '\r': out += "\\r"; return;
    default: break;
  }
  std::array<char, 8> escape;
  std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
  out += escape.data();
}

// How two writers differ.
struct Style {
  std::string_view comma;
  std::string_view colon;
  bool rust_floats;
  bool takes_surrogates;
};
constexpr Style kPydantic = {",", ":", true, false};
constexpr Style kPython = {", ", ": ", false, true};

bool is_surrogate(std::string_view utf8, size_t at) {
  return utf8[at] == kSurrogateLead && at + 1 < utf8.size() &&
         static_cast<unsigned char>(utf8[at + 1]) >= 0xa0;
}

Status append_string(std::string_view canonical, const Style& style, std::string& out) {
  std::string decoded;
  append_decoded_string(canonical, decoded);
  out += '"';
  for (size_t i = 0; i < decoded.size(); ++i) {
    const char c = decoded[i];
    if (!style.takes_surrogates && is_surrogate(decoded, i)) {
      return Status::invalid_argument(
          "PydanticSerializationError: Error serializing to JSON: invalid utf-8 sequence: a lone surrogate");
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') {
      append_escape(c, out);
    } else {
      out += c;
    }
  }
  out += '"';
  return Status::ok();
}

void append_float(std::string_view python, std::string& out) {
  const size_t e = python.find('e');
  if (e == std::string_view::npos) {
    if (python.find_first_of("NI") != std::string_view::npos) python = "null";
    out += python;
    return;
  }
  const std::string_view mantissa = python.substr(0, e);
  std::string_view exponent = python.substr(e + 1);
  if (exponent == "-05") {
    const bool negative = mantissa.starts_with('-');
    out += negative ? "-0.0000" : "0.0000";
    for (const char c : mantissa) {
      if (c >= '0' && c <= '9') out += c;
    }
    return;
  }
  out += mantissa;
  out += 'e';
  out += exponent.front();  // Python always writes the sign
  exponent.remove_prefix(1);
  if (exponent.starts_with('0')) exponent.remove_prefix(1);
  out += exponent;
}

Status append(JsonView value, const Style& style, std::string& out) {
  bool first = true;
  const auto separate = [&] {
    if (!first) out += style.comma;
    first = false;
  };
  switch (value.kind()) {
    case JsonKind::kString: return append_string(value.text(), style, out);
    case JsonKind::kArray:
      out += '[';
      for (const JsonView element : value.elements()) {
        separate();
        QUIPU_RETURN_IF_ERROR(append(element, style, out));
      }
      out += ']';
      return Status::ok();
    case JsonKind::kObject:
      out += '{';
      for (const JsonMember& member : value.members()) {
        separate();
        QUIPU_RETURN_IF_ERROR(append_string(member.raw_key, style, out));
        out += style.colon;
        QUIPU_RETURN_IF_ERROR(append(member.value, style, out));
      }
      out += '}';
      return Status::ok();
    case JsonKind::kFloat:
      if (style.rust_floats) {
        append_float(value.text(), out);
        return Status::ok();
      }
      [[fallthrough]];
    default: out += value.text(); return Status::ok();
  }
}

}  // namespace

Status append_pydantic_json(JsonView value, std::string& out) { return append(value, kPydantic, out); }

void append_unicode_json(JsonView value, std::string& out) {
  if (value.text().find("\\u") == std::string_view::npos) {  // both forms are the same then
    out += value.text();
    return;
  }
  (void)append(value, kPython, out).is_ok();  // which takes everything
}

}  // namespace quipu
