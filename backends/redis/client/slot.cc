#include "backends/redis/client/slot.h"

#include <array>

namespace quipu::redis {
namespace {

// CRC-16/XMODEM, a byte at a time.
constexpr std::array<uint16_t, 256> kCrcOfByte = [] {
  std::array<uint16_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
    table[byte] = static_cast<uint16_t>(crc);
  }
  return table;
}();

uint16_t slot_of_part(std::string_view part) {
  uint16_t crc = 0;
  for (const char c : part) {
    crc = static_cast<uint16_t>((crc << 8) ^ kCrcOfByte[(crc >> 8) ^ static_cast<unsigned char>(c)]);
  }
  return crc % kSlots;
}

}  // namespace

std::string_view hashed_part(std::string_view key) {
  const size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

bool has_hash_tag(std::string_view key) { return hashed_part(key).size() != key.size(); }

uint16_t slot_of(std::string_view key) { return slot_of_part(hashed_part(key)); }

std::string hash_tag_like(std::string_view key) {
  const std::string_view part = hashed_part(key);
  if (!part.empty() && part.find('}') == std::string_view::npos) return "{" + std::string(part) + "}";
  const uint16_t wanted = slot_of_part(part);
  uint64_t number = 0;  // some number below a million is in each slot
  while (slot_of_part(std::to_string(number)) != wanted) ++number;
  return "{" + std::to_string(number) + "}";
}

}  // namespace quipu::redis
