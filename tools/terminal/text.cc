#include "tools/terminal/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>

#include "quipu/json.h"

namespace quipu::cli {
namespace {

struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 0;  // 0: this is no UTF-8
};

// The first code point of `bytes`, which are not empty. Surrogates are let through.
CodePoint first_code_point(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || bytes.size() < length) return {};
  uint32_t value = lead & (0xFFU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    value = value << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::array<uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[length] || value > 0x10FFFF) return {};
  return {value, length};
}

// Controls, the characters that reorder or break a line, and surrogates, which are no characters.
bool is_control(uint32_t value) {
  return value < 0x20 || (value >= 0x7F && value < 0xA0) || (value >= 0x200E && value <= 0x200F) ||
         (value >= 0x2028 && value <= 0x202E) || (value >= 0x2066 && value <= 0x2069) ||
         (value >= 0xD800 && value <= 0xDFFF) || value == 0xFEFF;
}

}  // namespace

bool is_text(std::string_view bytes) {
  while (!bytes.empty()) {
    const CodePoint point = first_code_point(bytes);
    if (point.bytes == 0) return false;
    bytes.remove_prefix(point.bytes);
  }
  return true;
}

std::string printable(std::string_view bytes) {
  bool plain = !bytes.empty() && bytes.front() != '"' && bytes.front() != ' ' && bytes.back() != ' ';
  for (std::string_view rest = bytes; plain && !rest.empty();) {
    const CodePoint point = first_code_point(rest);
    plain = point.bytes != 0 && !is_control(point.value);
    rest.remove_prefix(plain ? point.bytes : 0);
  }
  if (plain) return std::string(bytes);
  std::string quoted;
  append_json_string(bytes, quoted);
  return quoted;
}

std::string without_controls(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    const size_t length = std::max<size_t>(point.bytes, 1);
    if (point.bytes != 0 && !is_control(point.value)) {
      clean += text.substr(0, length);
    } else {
      for (const char byte : text.substr(0, length)) clean += "\\x" + to_hex({&byte, 1});
    }
    text.remove_prefix(length);
  }
  return clean;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    hex += kDigits[static_cast<unsigned char>(byte) >> 4U];
    hex += kDigits[static_cast<unsigned char>(byte) & 15U];
  }
  return hex;
}

std::optional<std::string> from_hex(std::string_view hex) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit(hex[i]);
    const int low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string human_bytes(uint64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
  if (bytes < 1000) return std::to_string(bytes) + " B";
  double amount = static_cast<double>(bytes);
  size_t unit = 0;
  for (; amount >= 999.95 && unit + 1 < kUnits.size(); ++unit) amount /= 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", amount, kUnits[unit]);
  return text.data();
}

}  // namespace quipu::cli
