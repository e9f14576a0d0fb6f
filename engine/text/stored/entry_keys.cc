#include "engine/text/stored/entry_keys.h"

#include "engine/base/sha256.h"
#include "engine/base/varint.h"

namespace quipu {
namespace {

constexpr size_t kHashedKeyBytes = 16;

void append_u32(uint32_t value, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFFU);
}

bool take_u32(std::string_view& in, uint32_t& value) {
  if (in.size() < 4) return false;
  value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(in[i]);
  in.remove_prefix(4);
  return true;
}

int digit_of(char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; }

}  // namespace

std::string terms_prefix(std::string_view beginning) {
  std::string prefix(1, kTermTag);
  for (const char c : beginning) {
    prefix += c;
    if (c == 0) prefix += '\xFF';  // a zero that ends the term has a kind behind it
  }
  return prefix;
}

std::string term_prefix(std::string_view term) {
  std::string prefix = terms_prefix(term);
  prefix += '\0';
  return prefix;
}

std::string term_key(std::string_view term_prefix, char kind, uint32_t row) {
  std::string key(term_prefix);
  key += kind;
  if (kind != kHead) append_u32(row, key);
  return key;
}

std::optional<TermKey> parse_term_key(std::string_view key) {
  if (!key.starts_with(kTermTag)) return std::nullopt;
  TermKey parsed;
  for (size_t at = 1; at + 1 < key.size(); ++at) {
    if (key[at] != 0) {
      parsed.term += key[at];
    } else if (key[at + 1] == '\xFF') {
      parsed.term += key[at++];
    } else {
      parsed.prefix = at + 1;
      parsed.kind = key[at + 1];
      std::string_view rest = key.substr(at + 2);
      if (parsed.kind != kHead && !take_u32(rest, parsed.row)) return std::nullopt;
      if (parsed.kind < kHead || parsed.kind > kAddition || !rest.empty()) return std::nullopt;
      return parsed;
    }
  }
  return std::nullopt;
}

std::string node_key(std::string_view node_id) {
  std::string key(1, kNodeTag);
  if (node_id.size() < kHashedKeyBytes) return key.append(node_id);
  const std::string hash = sha256_hex(node_id);
  for (size_t i = 0; i < kHashedKeyBytes; ++i) {
    key += static_cast<char>(digit_of(hash[2 * i]) << 4 | digit_of(hash[2 * i + 1]));
  }
  return key;
}

std::string row_value(uint32_t row) {
  std::string value;
  append_varint(row, value);
  return value;
}

std::optional<uint32_t> parse_row_value(std::string_view value) {
  uint32_t row = 0;
  if (!take_varint(value, row) || !value.empty()) return std::nullopt;
  return row;
}

std::string row_key(uint32_t row) {
  std::string key(1, kRowTag);
  append_u32(row, key);
  return key;
}

std::optional<uint32_t> parse_row_key(std::string_view key) {
  uint32_t row = 0;
  if (!key.starts_with(kRowTag)) return std::nullopt;
  key.remove_prefix(1);
  if (!take_u32(key, row) || !key.empty()) return std::nullopt;
  return row;
}

}  // namespace quipu
