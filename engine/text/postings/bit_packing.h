// 128 numbers of 32 bits in as many bits each as the largest needs.
//
// Number i is of lane i % 4. A lane's 32 numbers lie behind one another, the first in the lowest bits, in
// words of 32 bits (low byte first); word w of lane l is at byte 16 * w + 4 * l. So four lanes are packed and
// unpacked at once.

#ifndef QUIPU_ENGINE_TEXT_POSTINGS_BIT_PACKING_H_
#define QUIPU_ENGINE_TEXT_POSTINGS_BIT_PACKING_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace quipu {

inline constexpr size_t kPackedNumbers = 128;

using PackedNumbers = std::span<uint32_t, kPackedNumbers>;

// The bits of the largest: 0 to 32.
uint32_t packing_width(std::span<const uint32_t, kPackedNumbers> numbers);
constexpr size_t packed_bytes(uint32_t width) { return size_t{width} * 16; }

// REQUIRES: width >= packing_width(numbers), at most 32.
void pack(std::span<const uint32_t, kPackedNumbers> numbers, uint32_t width, std::string& out);
// REQUIRES: packed_bytes(width) bytes at `bytes`, width at most 32.
void unpack(const char* bytes, uint32_t width, PackedNumbers numbers);
// The same of differences less one: numbers[i] = numbers[i - 1] + 1 + the packed number i, beginning from
// `before`, modulo 2^32.
void unpack_rising(const char* bytes, uint32_t width, uint32_t before, PackedNumbers numbers);

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_POSTINGS_BIT_PACKING_H_
