// Code points: UTF-8 as Python's "surrogatepass" reads it (a surrogate may stand as three bytes), and the hex
// digits of \uXXXX.

#ifndef QUIPU_ENGINE_BASE_UTF8_H_
#define QUIPU_ENGINE_BASE_UTF8_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

// Decodes the code point at `at`; its length, or 0 when the bytes are none. REQUIRES: at < end.
inline int decode_utf8(const char* at, const char* end, uint32_t& code_point) {
  const auto byte = [&](int i) { return static_cast<unsigned char>(at[i]); };
  const auto continues = [&](int i) { return end - at > i && (byte(i) & 0xc0) == 0x80; };
  const uint32_t first = byte(0);
  if (first < 0x80) {
    code_point = first;
    return 1;
  }
  if (first >= 0xc2 && first < 0xe0 && continues(1)) {
    code_point = (first & 0x1f) << 6 | (byte(1) & 0x3fU);
    return 2;
  }
  if (first >= 0xe0 && first < 0xf0 && continues(1) && continues(2)) {
    code_point = (first & 0x0f) << 12 | (byte(1) & 0x3fU) << 6 | (byte(2) & 0x3fU);
    return code_point >= 0x800 ? 3 : 0;
  }
  if (first >= 0xf0 && first < 0xf5 && continues(1) && continues(2) && continues(3)) {
    code_point = (first & 0x07) << 18 | (byte(1) & 0x3fU) << 12 | (byte(2) & 0x3fU) << 6 | (byte(3) & 0x3fU);
    return code_point >= 0x10000 && code_point <= 0x10ffff ? 4 : 0;
  }
  return 0;
}

// True when the bytes up to `end` could be the start of a code point that is cut off.
inline bool is_utf8_prefix(const char* at, const char* end) {
  const auto first = static_cast<unsigned char>(*at);
  if (first < 0xc2 || first > 0xf4) return false;
  const int length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (end - at >= length) return false;
  for (const char* rest = at + 1; rest < end; ++rest) {
    if ((static_cast<unsigned char>(*rest) & 0xc0) != 0x80) return false;
  }
  return true;
}

inline void append_utf8(uint32_t code_point, std::string& out) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (code_point >> shift & 0x3f)); };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    const char bytes[] = {static_cast<char>(0xc0 | code_point >> 6), tail(0)};
    out.append(bytes, sizeof bytes);
  } else if (code_point < 0x10000) {
    const char bytes[] = {static_cast<char>(0xe0 | code_point >> 12), tail(6), tail(0)};
    out.append(bytes, sizeof bytes);
  } else {
    const char bytes[] = {static_cast<char>(0xf0 | code_point >> 18), tail(12), tail(6), tail(0)};
    out.append(bytes, sizeof bytes);
  }
}

// All code points; bytes that are none count as U+FFFD.
inline std::vector<uint32_t> code_points(std::string_view utf8) {
  std::vector<uint32_t> all;
  const char* const end = utf8.data() + utf8.size();
  for (const char* at = utf8.data(); at < end;) {
    uint32_t code_point = 0xfffd;
    const int length = decode_utf8(at, end, code_point);
    all.push_back(code_point);
    at += length == 0 ? 1 : length;
  }
  return all;
}

inline bool is_high_surrogate(uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
inline bool is_low_surrogate(uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }
inline uint32_t join_surrogates(uint32_t high, uint32_t low) {
  return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

inline constexpr uint8_t kUpperCaseHexDigit = 0x10;
inline constexpr uint8_t kNoHexDigit = 0x80;

// The digit's value in the low four bits, and one of the marks above where it applies.
inline uint8_t hex_digit(char c) {
  static constexpr std::array<uint8_t, 256> kTable = [] {
    std::array<uint8_t, 256> table{};
    table.fill(kNoHexDigit);
    for (uint8_t i = 0; i < 10; ++i) table['0' + static_cast<size_t>(i)] = i;
    for (uint8_t i = 10; i < 16; ++i) {
      table['a' + static_cast<size_t>(i) - 10] = i;
      table['A' + static_cast<size_t>(i) - 10] = i | kUpperCaseHexDigit;
    }
    return table;
  }();
  return kTable[static_cast<unsigned char>(c)];
}

// The value of four hex digits, or nothing above 0xffff.
inline uint32_t parse_four_hex_digits(const char* at) {
  const uint8_t digits[4] = {hex_digit(at[0]), hex_digit(at[1]), hex_digit(at[2]), hex_digit(at[3])};
  if (((digits[0] | digits[1] | digits[2] | digits[3]) & kNoHexDigit) != 0) return 0x10000;
  return (digits[0] & 15U) << 12 | (digits[1] & 15U) << 8 | (digits[2] & 15U) << 4 | (digits[3] & 15U);
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_BASE_UTF8_H_
