// Which encoding JSON bytes are in, decided as json.loads does, by the first four bytes.

#ifndef QUIPU_ENGINE_JSON_ENCODING_H_
#define QUIPU_ENGINE_JSON_ENCODING_H_

#include <string_view>

namespace quipu {

// The length of the UTF-8 byte order mark that the text starts with, 3 or 0.
inline size_t byte_order_mark_size(std::string_view text) { return text.starts_with("\xef\xbb\xbf") ? 3 : 0; }

// Why text that starts like this cannot be read, or null: json.loads takes UTF-16 and UTF-32 as well, Quipu
// does not. No JSON text in UTF-8 starts like one of these.
// Source of the rules: CPython 3.11, Lib/json/__init__.py, detect_encoding.
inline const char* refused_encoding(std::string_view text) {
  using namespace std::string_view_literals;
  constexpr const char* kUtf16 = "the text is UTF-16, only UTF-8 is read";
  constexpr const char* kUtf32 = "the text is UTF-32, only UTF-8 is read";
  if (text.starts_with("\xff\xfe\0\0"sv) || text.starts_with("\0\0\xfe\xff"sv)) return kUtf32;
  if (text.starts_with("\xff\xfe"sv) || text.starts_with("\xfe\xff"sv)) return kUtf16;
  if (text.size() >= 4) {
    if (text[0] == '\0') return text[1] == '\0' ? kUtf32 : kUtf16;
    if (text[1] == '\0') return text[2] == '\0' && text[3] == '\0' ? kUtf32 : kUtf16;
  } else if (text.size() == 2 && (text[0] == '\0' || text[1] == '\0')) {
    return kUtf16;
  }
  return nullptr;
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_ENCODING_H_
