// Whole numbers in 7 bits a byte, low first (LEB128), as docs/FORMAT.md has them.

#ifndef QUIPU_ENGINE_BASE_VARINT_H_
#define QUIPU_ENGINE_BASE_VARINT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace quipu {

inline void append_varint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// Takes a number off the front; false where there is none of at most 64 bits.
inline bool take_varint(std::string_view& in, uint64_t& value) {
  value = 0;
  for (size_t i = 0; i < in.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(in[i]);
    if (i == 9 && byte > 1) return false;
    value |= uint64_t{byte & 0x7fU} << 7 * i;
    if (byte < 0x80) {
      in.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

// The same of a number of at most 32 bits.
inline bool take_varint(std::string_view& in, uint32_t& value) {
  uint64_t wide = 0;
  if (!take_varint(in, wide) || wide > UINT32_MAX) return false;
  value = static_cast<uint32_t>(wide);
  return true;
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_BASE_VARINT_H_
