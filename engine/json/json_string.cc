// Strings to canonical text and back.

#include <cstring>

#include "engine/base/utf8.h"
#include "engine/json/byte_scan.h"
#include "engine/json/escape.h"
#include "quipu/json.h"

namespace quipu {
namespace {

constexpr uint32_t kReplacement = 0xfffd;

// Decodes what stands behind a backslash; `at` is behind the u of a \uXXXX. Returns the end, or null when the
// digits are none. A high surrogate takes the low one that follows with it.
const char* append_unicode_escape(const char* at, const char* end, std::string& out) {
  if (end - at < 4) return nullptr;
  uint32_t code_point = parse_four_hex_digits(at);
  if (code_point > 0xffff) return nullptr;
  at += 4;
  if (is_high_surrogate(code_point) && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
    const uint32_t low = parse_four_hex_digits(at + 2);
    if (is_low_surrogate(low)) {
      code_point = join_surrogates(code_point, low);
      at += 6;
    }
  }
  append_utf8(code_point, out);
  return at;
}

}  // namespace

void append_json_string(std::string_view utf8, std::string& out) {
  const char* at = utf8.data();
  const char* const end = at + utf8.size();
  out += '"';
  while (true) {
    const char* const stop = find_special_byte(at, end);
    out.append(at, stop);
    if (stop == end) break;
    uint32_t code_point = kReplacement;
    const int length = decode_utf8(stop, end, code_point);
    append_canonical_char(length == 0 ? kReplacement : code_point, out);
    at = stop + (length == 0 ? 1 : length);
  }
  out += '"';
}

void append_decoded_string(std::string_view canonical, std::string& out) {
  if (canonical.size() < 2) return;
  const char* at = canonical.data() + 1;
  const char* const end = canonical.data() + canonical.size() - 1;
  while (at != end) {
    const auto* stop = static_cast<const char*>(std::memchr(at, '\\', static_cast<size_t>(end - at)));
    if (stop == nullptr) stop = end;
    out.append(at, stop);
    if (end - stop < 2) return;
    if (stop[1] == 'u') {
      at = append_unicode_escape(stop + 2, end, out);
      if (at == nullptr) return;
    } else {
      out += unescaped(stop[1]);
      at = stop + 2;
    }
  }
}

}  // namespace quipu
