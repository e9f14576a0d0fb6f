// Escapes, numbers and words.

#include <array>
#include <string_view>

#include "engine/base/utf8.h"
#include "engine/json/number.h"
#include "engine/json/scanner.h"

namespace quipu {
namespace {

enum class Escape : uint8_t { kNone, kShort, kSlash, kUnicode };

// What the byte behind a backslash begins.
constexpr std::array<Escape, 256> kEscapes = [] {
  std::array<Escape, 256> table{};
  for (const unsigned char c : {'"', '\\', 'b', 'f', 'n', 'r', 't'}) table[c] = Escape::kShort;
  table['/'] = Escape::kSlash;
  table['u'] = Escape::kUnicode;
  return table;
}();

// A code unit that json.dumps writes as \uXXXX.
bool is_written_in_hex(uint32_t unit) {
  if (unit < 0x20) return unit < '\b' || unit > '\r' || unit == '\v';
  return unit >= 0x7f;
}

const char* scan_unicode_escape(const char* at, const char* end, JsonScan& scan) {
  if (end - at < 6) return scan.fail_cut_off("Invalid \\uXXXX escape", at);
  const uint8_t first = hex_digit(at[2]);
  const uint8_t second = hex_digit(at[3]);
  const uint8_t third = hex_digit(at[4]);
  const uint8_t fourth = hex_digit(at[5]);
  const uint8_t all = first | second | third | fourth;
  if ((all & kNoHexDigit) != 0) return scan.fail("Invalid \\uXXXX escape", at);
  const uint32_t unit = (first & 15U) << 12 | (second & 15U) << 8 | (third & 15U) << 4 | (fourth & 15U);
  if ((all & kUpperCaseHexDigit) != 0 || !is_written_in_hex(unit)) scan.canonical = false;
  return at + 6;
}

const char* scan_non_ascii(const char* at, const char* end, JsonScan& scan) {
  scan.canonical = false;
  while (at < end && (*at & 0x80) != 0) {
    uint32_t code_point = 0;
    const int length = decode_utf8(at, end, code_point);
    if (length == 0) {
      return is_utf8_prefix(at, end) ? scan.fail_cut_off(kInvalidUtf8, at) : scan.fail(kInvalidUtf8, at);
    }
    at += length;
  }
  return at;
}

const char* scan_word(std::string_view word, const char* at, const char* end, JsonScan& scan) {
  const std::string_view there(at, std::min<size_t>(word.size(), static_cast<size_t>(end - at)));
  if (there == word) return at + word.size();
  return word.starts_with(there) ? scan.fail_cut_off("Expecting value", at)
                                 : scan.fail("Expecting value", at);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char* skip_digits(const char* at, const char* end) {
  while (at < end && is_digit(*at)) ++at;
  return at;
}

// One digit or more, at the end of a fraction or an exponent.
const char* scan_digits(const char* at, const char* end, JsonScan& scan) {
  if (at == end) return scan.fail_cut_off("Expecting a digit", end);
  if (!is_digit(*at)) return scan.fail("Expecting a digit", at);
  return skip_digits(at, end);
}

const char* scan_number(const char* const begin, const char* end, JsonScan& scan) {
  const char* const digits = *begin == '-' ? begin + 1 : begin;
  if (digits == end) return scan.fail_cut_off("Expecting value", begin);
  if (*digits == 'I' && digits != begin) return scan_word("-Infinity", begin, end, scan);
  if (!is_digit(*digits)) return scan.fail("Expecting value", begin);
  // Python reads 007 as 0 and extra data.
  const char* at = *digits == '0' ? digits + 1 : skip_digits(digits, end);
  if (at == end || (*at != '.' && *at != 'e' && *at != 'E')) {
    if (at - digits > kMaxJsonIntDigits) {
      return scan.fail(kTooManyDigits, begin);
    }
    if (*digits == '0' && digits != begin) scan.canonical = false;
    return at;
  }
  if (*at == '.') {
    at = scan_digits(at + 1, end, scan);
    if (at == nullptr) return nullptr;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at < end && (*at == '+' || *at == '-')) ++at;
    at = scan_digits(at, end, scan);
    if (at == nullptr) return nullptr;
  }
  if (!scan.any_float && !is_python_float({begin, static_cast<size_t>(at - begin)})) scan.canonical = false;
  return at;
}

}  // namespace

const char* scan_special_byte(const char* at, const char* end, JsonScan& scan) {
  if (*at == '\\') {
    if (end - at < 2) return scan.fail_cut_off("Unterminated escape", at);
    switch (kEscapes[static_cast<unsigned char>(at[1])]) {
      case Escape::kShort: return at + 2;
      case Escape::kSlash: scan.canonical = false; return at + 2;
      case Escape::kUnicode: return scan_unicode_escape(at, end, scan);
      case Escape::kNone: return scan.fail("Invalid \\escape", at);
    }
  }
  if (static_cast<unsigned char>(*at) < 0x20) return scan.fail("Invalid control character", at);
  if (*at == 0x7f) {
    scan.canonical = false;
    return at + 1;
  }
  return scan_non_ascii(at, end, scan);
}

const char* scan_json_scalar(const char* at, const char* end, JsonScan& scan) {
  switch (*at) {
    case 'n': return scan_word("null", at, end, scan);
    case 't': return scan_word("true", at, end, scan);
    case 'f': return scan_word("false", at, end, scan);
    case 'N': return scan_word("NaN", at, end, scan);
    case 'I': return scan_word("Infinity", at, end, scan);
    default: return scan_number(at, end, scan);
  }
}

}  // namespace quipu
