#include <array>
#include <cstdio>

#include "engine/base/utf8.h"
#include "engine/python/python_text.h"

namespace quipu {
namespace {

void append_hex(const char* format, uint32_t code_point, std::string& out) {
  std::array<char, 12> text;
  const int length = std::snprintf(text.data(), text.size(), format, code_point);
  out.append(text.data(), static_cast<size_t>(length));
}

void append_escape(uint32_t code_point, std::string& out) {
  switch (code_point) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\\': out += "\\\\"; return;
    default: break;
  }
  if (code_point < 0x100) {
    append_hex("\\x%02x", code_point, out);
  } else if (code_point < 0x10000) {
    append_hex("\\u%04x", code_point, out);
  } else {
    append_hex("\\U%08x", code_point, out);
  }
}

bool is_white_space(uint32_t c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

// The repr of a JSON string's text; most have no escapes, and then it is the text between other quotes.
void append_json_string_repr(std::string_view canonical, std::string& out) {
  if (canonical.find('\\') != std::string_view::npos) {
    std::string decoded;
    append_decoded_string(canonical, decoded);
    append_string_repr(decoded, out);
    return;
  }
  const std::string_view plain = canonical.substr(1, canonical.size() - 2);
  const char quote = plain.find('\'') == std::string_view::npos ? '\'' : '"';
  out += quote;
  out += plain;
  out += quote;
}

}  // namespace

void append_string_repr(std::string_view string, std::string& out, bool ascii_only) {
  const bool has_single = string.find('\'') != std::string_view::npos;
  const char quote = has_single && string.find('"') == std::string_view::npos ? '"' : '\'';
  out += quote;
  const char* const end = string.data() + string.size();
  for (const char* at = string.data(); at < end;) {
    uint32_t code_point = 0;
    int length = decode_utf8(at, end, code_point);
    if (length == 0) {
      code_point = 0xfffd;
      length = 1;
    }
    if (code_point == static_cast<uint32_t>(quote)) {
      out += '\\';
      out += quote;
    } else if (code_point == '\\' || !is_printable(code_point) || (ascii_only && code_point >= 0x80)) {
      append_escape(code_point, out);
    } else {
      out.append(at, static_cast<size_t>(length));
    }
    at += length;
  }
  out += quote;
}

void append_repr(JsonView value, std::string& out) {
  bool first = true;
  switch (value.kind()) {
    case JsonKind::kNull: out += "None"; break;
    case JsonKind::kBool: out += value.boolean() ? "True" : "False"; break;
    case JsonKind::kInt: out += value.text(); break;
    case JsonKind::kFloat:
      if (value.text() == "NaN") {
        out += "nan";
      } else if (value.text() == "Infinity") {
        out += "inf";
      } else if (value.text() == "-Infinity") {
        out += "-inf";
      } else {
        out += value.text();
      }
      break;
    case JsonKind::kString: append_json_string_repr(value.text(), out); break;
    case JsonKind::kArray:
      out += '[';
      for (const JsonView element : value.elements()) {
        if (!first) out += ", ";
        first = false;
        append_repr(element, out);
      }
      out += ']';
      break;
    case JsonKind::kObject:
      out += '{';
      for (const JsonMember& member : value.members()) {
        if (!first) out += ", ";
        first = false;
        append_json_string_repr(member.raw_key, out);
        out += ": ";
        append_repr(member.value, out);
      }
      out += '}';
      break;
  }
}

std::string python_str(JsonView value) {
  if (value.is_string()) return value.string();
  std::string text;
  append_repr(value, text);
  return text;
}

std::string_view python_strip(std::string_view text) {
  while (!text.empty()) {
    uint32_t code_point = 0;
    const int length = decode_utf8(text.data(), text.data() + text.size(), code_point);
    if (length == 0 || !is_white_space(code_point)) break;
    text.remove_prefix(static_cast<size_t>(length));
  }
  while (!text.empty()) {
    size_t begin = text.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) --begin;
    uint32_t code_point = 0;
    const int length = decode_utf8(text.data() + begin, text.data() + text.size(), code_point);
    if (length == 0 || !is_white_space(code_point)) break;
    text.remove_suffix(text.size() - begin);
  }
  return text;
}

}  // namespace quipu
