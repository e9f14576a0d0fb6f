#include "engine/text/postings/bit_packing.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

static_assert(std::endian::native == std::endian::little, "words lie in memory as they are stored");

namespace quipu {
namespace {

// Four lanes.
using Lanes = uint32_t __attribute__((vector_size(16)));

constexpr size_t kPerLane = kPackedNumbers / 4;

Lanes load(const char* at) {
  Lanes lanes;
  std::memcpy(&lanes, at, sizeof lanes);
  return lanes;
}

// The packed number i of each lane.
template <uint32_t kWidth, size_t i>
Lanes packed(const char* bytes) {
  constexpr size_t kBit = i * kWidth;
  constexpr uint32_t kShift = kBit % 32;
  constexpr uint32_t kMask = kWidth == 32 ? UINT32_MAX : (uint32_t{1} << kWidth) - 1;
  if constexpr (kWidth == 0) return Lanes{};
  Lanes lanes = load(bytes + kBit / 32 * sizeof(Lanes)) >> kShift;
  if constexpr (kShift + kWidth > 32) {
    lanes |= load(bytes + (kBit / 32 + 1) * sizeof(Lanes)) << (32 - kShift);
  }
  return lanes & kMask;
}

struct Plain {
  Lanes operator()(Lanes lanes) const { return lanes; }
};

// Sums of all differences so far.
struct Rising {
  Lanes operator()(Lanes lanes) {
    const Lanes zero = {};
    lanes += 1;
    lanes += __builtin_shufflevector(lanes, zero, 4, 0, 1, 2);
    lanes += __builtin_shufflevector(lanes, zero, 4, 4, 0, 1);
    lanes += before;
    before = __builtin_shufflevector(lanes, lanes, 3, 3, 3, 3);
    return lanes;
  }
  Lanes before;
};

template <uint32_t kWidth, class Change, size_t... i>
void unpack_all(const char* bytes, uint32_t* numbers, Change change, std::index_sequence<i...> /*numbers*/) {
  const auto store = [&](size_t place, Lanes lanes) {
    std::memcpy(numbers + 4 * place, &lanes, sizeof lanes);
  };
  (store(i, change(packed<kWidth, i>(bytes))), ...);
}

template <class Change>
using Unpack = void (*)(const char*, uint32_t*, Change);

template <class Change, size_t... kWidth>
constexpr auto unpackers(std::index_sequence<kWidth...> /*widths*/) {
  return std::array<Unpack<Change>, sizeof...(kWidth)>{
      [](const char* bytes, uint32_t* numbers, Change change) {
        unpack_all<kWidth>(bytes, numbers, change, std::make_index_sequence<kPerLane>());
      }...};
}

template <class Change>
constexpr auto kUnpackers = unpackers<Change>(std::make_index_sequence<33>());

}  // namespace

uint32_t packing_width(std::span<const uint32_t, kPackedNumbers> numbers) {
  uint32_t bits = 0;
  for (const uint32_t number : numbers) bits |= number;
  return static_cast<uint32_t>(std::bit_width(bits));
}

void pack(std::span<const uint32_t, kPackedNumbers> numbers, uint32_t width, std::string& out) {
  std::array<uint32_t, kPackedNumbers> words{};
  for (size_t i = 0; i < kPackedNumbers; ++i) {
    const size_t lane = i % 4;
    const size_t bit = i / 4 * width;
    const uint64_t shifted = uint64_t{numbers[i]} << bit % 32;
    words[bit / 32 * 4 + lane] |= static_cast<uint32_t>(shifted);
    if (bit % 32 + width > 32) words[(bit / 32 + 1) * 4 + lane] |= static_cast<uint32_t>(shifted >> 32);
  }
  out.append(reinterpret_cast<const char*>(words.data()), packed_bytes(width));
}

void unpack(const char* bytes, uint32_t width, PackedNumbers numbers) {
  kUnpackers<Plain>[width](bytes, numbers.data(), {});
}

void unpack_rising(const char* bytes, uint32_t width, uint32_t before, PackedNumbers numbers) {
  kUnpackers<Rising>[width](bytes, numbers.data(), {Lanes{before, before, before, before}});
}

}  // namespace quipu
