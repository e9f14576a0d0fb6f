#include "engine/vectors/codes/vector_code.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/codes/similarity.h"

namespace quipu {
namespace {

constexpr size_t kLanes = 8;  // sums that are kept apart, so that they are added side by side

// Sums over elements of a vector and its code.
struct Sums {
  double squares = 0;
  double coarse = 0;  // vector · coarse direction
  double fine = 0;
  int64_t coarse_squares = 0;
  int64_t fine_squares = 0;
};

using Floats = float __attribute__((vector_size(32)));
using Wholes = int32_t __attribute__((vector_size(32)));

// The byte of an element that is `scaled` to -128 ... 128: the whole number below it, and 128.
__attribute__((always_inline)) inline void to_bytes(const Floats& scaled, Wholes& bytes) {
  const Wholes whole = __builtin_convertvector(scaled + 128, Wholes);
  bytes = whole > 255 ? Wholes{} + 255 : whole;
}

// Eight numbers as float64: in two registers, or in one.
struct TwoRegisters {
  using Doubles = double __attribute__((vector_size(32)));
  using HalfFloats = float __attribute__((vector_size(16)));
  using HalfWholes = int32_t __attribute__((vector_size(16)));

  Doubles first{};
  Doubles last{};

  __attribute__((always_inline)) void set(const Floats& numbers) {
    const HalfFloats four = __builtin_shufflevector(numbers, numbers, 0, 1, 2, 3);
    const HalfFloats others = __builtin_shufflevector(numbers, numbers, 4, 5, 6, 7);
    first = __builtin_convertvector(four, Doubles);
    last = __builtin_convertvector(others, Doubles);
  }
  __attribute__((always_inline)) void set(const Wholes& numbers) {
    const HalfWholes four = __builtin_shufflevector(numbers, numbers, 0, 1, 2, 3);
    const HalfWholes others = __builtin_shufflevector(numbers, numbers, 4, 5, 6, 7);
    first = __builtin_convertvector(four, Doubles);
    last = __builtin_convertvector(others, Doubles);
  }
  __attribute__((always_inline)) void add_product(const TwoRegisters& a, const TwoRegisters& b) {
    first += a.first * b.first;
    last += a.last * b.last;
  }
  __attribute__((always_inline)) double number(size_t i) const { return i < 4 ? first[i] : last[i - 4]; }
};

struct OneRegister {
  using Doubles = double __attribute__((vector_size(64)));

  Doubles all{};

  __attribute__((always_inline)) void set(const Floats& numbers) {
    all = __builtin_convertvector(numbers, Doubles);
  }
  __attribute__((always_inline)) void set(const Wholes& numbers) {
    all = __builtin_convertvector(numbers, Doubles);
  }
  __attribute__((always_inline)) void add_product(const OneRegister& a, const OneRegister& b) {
    all += a.all * b.all;
  }
  __attribute__((always_inline)) double number(size_t i) const { return all[i]; }
};

template <class Eight>
__attribute__((always_inline)) inline double total(const Eight& sums) {
  double total = 0;
  for (size_t i = 0; i < kLanes / 2; ++i) total += sums.number(i) + sums.number(kLanes / 2 + i);
  return total;
}

// Within vectors of 32 bytes; GCC would take the numbers apart one by one.
__attribute__((always_inline)) inline void store_bytes(const Wholes& numbers, uint8_t* to) {
  using Bytes = uint8_t __attribute__((vector_size(32)));
  Bytes bytes;
  std::memcpy(&bytes, &numbers, sizeof(bytes));
  bytes = __builtin_shufflevector(bytes, bytes, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 16, 20,
                                  24, 28, 16, 20, 24, 28, 16, 20, 24, 28, 16, 20, 24, 28);
  Wholes fours;
  std::memcpy(&fours, &bytes, sizeof(bytes));
  const int32_t first = fours[0];
  const int32_t last = fours[4];
  std::memcpy(to, &first, sizeof(first));
  std::memcpy(to + sizeof(first), &last, sizeof(last));
}

// Sums are kept apart by lanes, so that they are the same whatever the instructions.
template <class Eight>
__attribute__((always_inline)) inline Sums encode_elements(const float* vector, size_t size, float factor,
                                                           uint8_t* code) {
  Eight squares;
  Eight coarse;
  Eight fine;
  Wholes coarse_squares{};
  Wholes fine_squares{};
  const auto encode = [&](const Floats& elements, const Wholes& used, uint8_t* to)
      __attribute__((always_inline)) {
    Wholes byte;
    to_bytes(elements * factor, byte);
    store_bytes(byte, to);
    const Wholes fine_elements = (2 * byte - 255) & used;
    const Wholes coarse_elements = (2 * (byte >> 4) - 15) & used;
    Eight exact;
    Eight other;
    exact.set(elements);
    squares.add_product(exact, exact);
    other.set(coarse_elements);
    coarse.add_product(exact, other);
    other.set(fine_elements);
    fine.add_product(exact, other);
    coarse_squares += coarse_elements * coarse_elements;
    fine_squares += fine_elements * fine_elements;
  };
  size_t i = 0;
  Floats elements;
  for (; i + kLanes <= size; i += kLanes) {
    std::memcpy(&elements, vector + i, sizeof(elements));
    encode(elements, ~Wholes{}, code + i);
  }
  if (i < size) {
    elements = Floats{};
    Wholes used{};
    uint8_t bytes[kLanes];
    for (size_t lane = 0; i + lane < size; ++lane) {
      elements[lane] = vector[i + lane];
      used[lane] = -1;
    }
    encode(elements, used, bytes);
    std::memcpy(code + i, bytes, size - i);
  }
  Sums sums{total(squares), total(coarse), total(fine), 0, 0};
  for (size_t lane = 0; lane < kLanes; ++lane) {
    sums.coarse_squares += coarse_squares[lane];
    sums.fine_squares += fine_squares[lane];
  }
  return sums;
}

// Sums over elements of a query and of a direction that stands for it.
struct DirectionSums {
  int64_t elements = 0;
  double squares = 0;
  double products = 0;  // with the query's elements
};

struct QuerySums {
  double squares = 0;
  DirectionSums coarse;
  DirectionSums fine;
};

// No element of the finer direction is further from zero.
constexpr float kMaxFineCode = kQueryStep * kMaxQueryCode;

template <class Eight>
struct DirectionLanes {
  Wholes elements{};
  Eight squares;
  Eight products;

  __attribute__((always_inline)) void add(const Eight& exact, const Wholes& wholes) {
    Eight numbers;
    numbers.set(wholes);
    elements += wholes;
    squares.add_product(numbers, numbers);
    products.add_product(exact, numbers);
  }
  __attribute__((always_inline)) DirectionSums sums() const {
    int64_t sum = 0;
    for (size_t lane = 0; lane < kLanes; ++lane) sum += elements[lane];
    return {sum, total(squares), total(products)};
  }
};

// `scaled` to +-kMaxFineCode. A remainder is the rest to the nearest multiple of kQueryStep, so at most half
// of that; what rounding in float32 may add is less than half of what would make it one more.
template <class Eight>
__attribute__((always_inline)) inline QuerySums encode_query(std::span<const float> rotated, float factor,
                                                             CodedQuery& query) {
  Eight squares;
  DirectionLanes<Eight> coarse;
  DirectionLanes<Eight> fine;
  for (size_t i = 0; i < rotated.size(); i += kLanes) {
    Floats elements{};
    if (i + kLanes <= rotated.size()) {
      std::memcpy(&elements, &rotated[i], sizeof(elements));
    } else {
      std::memcpy(&elements, &rotated[i], (rotated.size() - i) * sizeof(float));
    }
    // Rounded as numbers above zero.
    const Floats scaled = elements * factor + (kMaxFineCode + 0.5F);
    const Wholes whole = __builtin_convertvector(scaled, Wholes) - static_cast<int32_t>(kMaxFineCode);
    const Floats steps = __builtin_convertvector(whole, Floats) * (1.0F / kQueryStep);
    const Wholes step = __builtin_convertvector(steps + (kMaxQueryCode + 0.5F), Wholes) - kMaxQueryCode;
    store_bytes(step, reinterpret_cast<uint8_t*>(&query.code[i]));
    store_bytes(whole - kQueryStep * step, reinterpret_cast<uint8_t*>(&query.remainder[i]));
    Eight exact;
    exact.set(elements);
    squares.add_product(exact, exact);
    coarse.add(exact, step);
    fine.add(exact, whole);
  }
  return {total(squares), coarse.sums(), fine.sums()};
}

// Both, for one kind of processor.
struct Encoders {
  Sums (*vector)(const float* vector, size_t size, float factor, uint8_t* code);
  QuerySums (*query)(std::span<const float> rotated, float factor, CodedQuery& query);
};

Sums encode_plain(const float* vector, size_t size, float factor, uint8_t* code) {
  return encode_elements<TwoRegisters>(vector, size, factor, code);
}

QuerySums encode_query_plain(std::span<const float> rotated, float factor, CodedQuery& query) {
  return encode_query<TwoRegisters>(rotated, factor, query);
}

#if defined(__x86_64__)

#define QUIPU_AVX2 __attribute__((target("avx2")))
#define QUIPU_AVX512 __attribute__((target("avx512f,avx512vl,avx2")))

QUIPU_AVX2 Sums encode_avx2(const float* vector, size_t size, float factor, uint8_t* code) {
  return encode_elements<TwoRegisters>(vector, size, factor, code);
}

QUIPU_AVX2 QuerySums encode_query_avx2(std::span<const float> rotated, float factor, CodedQuery& query) {
  return encode_query<TwoRegisters>(rotated, factor, query);
}

QUIPU_AVX512 Sums encode_avx512(const float* vector, size_t size, float factor, uint8_t* code) {
  return encode_elements<OneRegister>(vector, size, factor, code);
}

QUIPU_AVX512 QuerySums encode_query_avx512(std::span<const float> rotated, float factor, CodedQuery& query) {
  return encode_query<OneRegister>(rotated, factor, query);
}

Encoders choose() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
    return {encode_avx512, encode_query_avx512};
  if (__builtin_cpu_supports("avx2")) return {encode_avx2, encode_query_avx2};
  return {encode_plain, encode_query_plain};
}

#else

Encoders choose() { return {encode_plain, encode_query_plain}; }

#endif

const Encoders& encoders() {
  static const Encoders kEncoders = choose();
  return kEncoders;
}

QueryDirection query_direction(const DirectionSums& sums, double squares) {
  const double length = std::sqrt(sums.squares);
  const double cosine = std::min(1.0, sums.products / (std::sqrt(squares) * length));
  return {sums.elements, length, cosine, std::sqrt(1 - cosine * cosine)};
}

// From a product with the vector and both squares of lengths.
Direction direction_of(double product, double squares, int64_t code_squares) {
  const double along = product / std::sqrt(squares);
  const double across = std::sqrt(std::max(0.0, static_cast<double>(code_squares) - along * along));
  return {static_cast<float>(along), static_cast<float>(across)};
}

float largest_of(std::span<const float> elements) {
  float lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= elements.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float size = std::abs(elements[i + lane]);
      lanes[lane] = size > lanes[lane] ? size : lanes[lane];
    }
  }
  for (; i < elements.size(); ++i) lanes[0] = std::max(lanes[0], std::abs(elements[i]));
  return *std::ranges::max_element(lanes);
}

}  // namespace

CodeDirections encode_vector(std::span<const float> rotated, uint8_t* code) {
  const Sums sums = encoders().vector(rotated.data(), rotated.size(), 128.0F / largest_of(rotated), code);
  return {direction_of(sums.coarse, sums.squares, sums.coarse_squares),
          direction_of(sums.fine, sums.squares, sums.fine_squares)};
}

size_t CodeEncoder::half_bytes(size_t dimensions) {
  if (dimensions > kMaxCodedDimensions) return 0;
  return (dimensions + kElementsOfChunk - 1) / kElementsOfChunk * kChunkBytes;
}

// Here, below all that reads what is beside a code.
size_t VectorEncoder::half_bytes(size_t dimensions) { return CodeEncoder::half_bytes(dimensions); }

CodeEncoder::CodeEncoder(size_t dimensions)
    : dimensions_(dimensions),
      rotation_(dimensions > kMaxCodedDimensions ? 0 : dimensions),
      rotated_(dimensions > kMaxCodedDimensions ? 0 : dimensions),
      bytes_(2 * half_bytes(dimensions)),
      upper_(half_bytes(dimensions)),
      lower_(half_bytes(dimensions)) {}

VectorCode CodeEncoder::encode(std::span<const double> elements) {
  VectorCode code{norm_of(elements), {}, {}, upper_, lower_};
  if (upper_.empty() || !is_regular(code.norm)) {
    std::ranges::fill(upper_, uint8_t{0});
    std::ranges::fill(lower_, uint8_t{0});
    return code;
  }
  const double factor = 1 / code.norm;
  for (size_t i = 0; i < dimensions_; ++i) rotated_[i] = static_cast<float>(elements[i] * factor);
  rotation_.apply(rotated_.data());
  const CodeDirections directions = encode_vector(rotated_, bytes_.data());
  code.coarse = directions.coarse;
  code.fine = directions.fine;
  split_bytes();
  return code;
}

void CodeEncoder::split_bytes() {
  for (size_t at = 0; at < upper_.size(); at += kChunkBytes) {
    const uint8_t* const from = bytes_.data() + 2 * at;
    uint8_t* const upper = upper_.data() + at;
    uint8_t* const lower = lower_.data() + at;
    for (size_t i = 0; i < kChunkBytes; ++i) {
      upper[i] = static_cast<uint8_t>((from[i] >> 4) | (from[kChunkBytes + i] & 0xf0));
      lower[i] = static_cast<uint8_t>((from[i] & 15) | (from[kChunkBytes + i] << 4));
    }
  }
}

CodedQuery::CodedQuery(std::span<const float> rotated, size_t padded_size)
    : code(padded_size), remainder(padded_size) {
  const QuerySums sums = encoders().query(rotated, kMaxFineCode / largest_of(rotated), *this);
  coarse = query_direction(sums.coarse, sums.squares);
  fine = query_direction(sums.fine, sums.squares);
}

}  // namespace quipu
