// How json.dumps writes a character that does not stand for itself.

#ifndef QUIPU_ENGINE_JSON_ESCAPE_H_
#define QUIPU_ENGINE_JSON_ESCAPE_H_

#include <cstdint>
#include <string>

#include "engine/base/utf8.h"

namespace quipu {

inline void append_hex_escape(uint32_t unit, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  const char text[] = {'\\',           'u', kHex[unit >> 12], kHex[unit >> 8 & 15], kHex[unit >> 4 & 15],
                       kHex[unit & 15]};
  out.append(text, sizeof text);
}

// Appends any code point as it stands in a canonical string; a surrogate is one \udXXX.
inline void append_canonical_char(uint32_t code_point, std::string& out) {
  switch (code_point) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    default: break;
  }
  if (code_point > 0xffff) {
    append_hex_escape(0xd7c0 + (code_point >> 10), out);
    append_hex_escape(0xdc00 + (code_point & 0x3ff), out);
  } else if (code_point < 0x20 || code_point >= 0x7f) {
    append_hex_escape(code_point, out);
  } else {
    out += static_cast<char>(code_point);
  }
}

// What \b, \f, \n, \r and \t stand for; any other character is itself, as in \" and \/.
inline char unescaped(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_ESCAPE_H_
