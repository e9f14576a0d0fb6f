#include "engine/vectors/codes/vector_code.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <numeric>

#include "engine/vectors/codes/code_kernels.h"

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
using Bytes = uint8_t __attribute__((vector_size(8)));
using Doubles = double __attribute__((vector_size(32)));
using HalfFloats = float __attribute__((vector_size(16)));
using HalfWholes = int32_t __attribute__((vector_size(16)));

// The byte of an element that is `scaled` to -128 ... 128: the whole number below it, and 128.
__attribute__((always_inline)) inline void to_bytes(const Floats& scaled, Wholes& bytes) {
  const Wholes whole = __builtin_convertvector(scaled, Wholes);
  const Wholes byte = whole + (scaled < __builtin_convertvector(whole, Floats)) + 128;
  const Wholes positive = byte < 0 ? Wholes{} : byte;
  bytes = positive > 255 ? Wholes{} + 255 : positive;
}

struct Halves {
  Doubles first;
  Doubles last;
};

__attribute__((always_inline)) inline Halves doubles_of(const Floats& numbers) {
  const HalfFloats first = __builtin_shufflevector(numbers, numbers, 0, 1, 2, 3);
  const HalfFloats last = __builtin_shufflevector(numbers, numbers, 4, 5, 6, 7);
  return {__builtin_convertvector(first, Doubles), __builtin_convertvector(last, Doubles)};
}

__attribute__((always_inline)) inline Halves doubles_of(const Wholes& numbers) {
  const HalfWholes first = __builtin_shufflevector(numbers, numbers, 0, 1, 2, 3);
  const HalfWholes last = __builtin_shufflevector(numbers, numbers, 4, 5, 6, 7);
  return {__builtin_convertvector(first, Doubles), __builtin_convertvector(last, Doubles)};
}

__attribute__((always_inline)) inline void add_product(Halves& sums, const Halves& a, const Halves& b) {
  sums.first += a.first * b.first;
  sums.last += a.last * b.last;
}

__attribute__((always_inline)) inline double total(const Halves& sums) {
  double total = 0;
  for (size_t lane = 0; lane < kLanes / 2; ++lane) total += sums.first[lane] + sums.last[lane];
  return total;
}

// Sums are kept apart by lanes, so that they are the same whatever the instructions.
__attribute__((always_inline)) inline Sums encode_elements(const float* vector, size_t size, float factor,
                                                           uint8_t* code) {
  Halves squares{};
  Halves coarse{};
  Halves fine{};
  Wholes coarse_squares{};
  Wholes fine_squares{};
  const auto encode = [&](size_t i, size_t count, const Wholes& used) __attribute__((always_inline)) {
    Floats elements{};
    std::memcpy(&elements, vector + i, count * sizeof(float));
    Wholes byte;
    to_bytes(elements * factor, byte);
    const Bytes narrow = __builtin_convertvector(byte, Bytes);
    std::memcpy(code + i, &narrow, count);
    const Wholes fine_elements = (2 * byte - 255) & used;
    const Wholes coarse_elements = (2 * (byte >> 4) - 15) & used;
    const Halves exact = doubles_of(elements);
    add_product(squares, exact, exact);
    add_product(coarse, exact, doubles_of(coarse_elements));
    add_product(fine, exact, doubles_of(fine_elements));
    coarse_squares += coarse_elements * coarse_elements;
    fine_squares += fine_elements * fine_elements;
  };
  size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) encode(i, kLanes, ~Wholes{});
  if (i < size) {
    Wholes used{};
    for (size_t lane = 0; i + lane < size; ++lane) used[lane] = -1;
    encode(i, size - i, used);
  }
  Sums sums{total(squares), total(coarse), total(fine), 0, 0};
  for (size_t lane = 0; lane < kLanes; ++lane) {
    sums.coarse_squares += coarse_squares[lane];
    sums.fine_squares += fine_squares[lane];
  }
  return sums;
}

Sums encode_plain(const float* vector, size_t size, float factor, uint8_t* code) {
  return encode_elements(vector, size, factor, code);
}

using Encode = decltype(&encode_plain);

#if defined(__x86_64__)

__attribute__((target("avx2"))) Sums encode_avx2(const float* vector, size_t size, float factor,
                                                 uint8_t* code) {
  return encode_elements(vector, size, factor, code);
}

Encode choose() { return __builtin_cpu_supports("avx2") ? encode_avx2 : encode_plain; }

#else

Encode choose() { return encode_plain; }

#endif

// From a product with the vector and both squares of lengths.
Direction direction_of(double product, double squares, int64_t code_squares) {
  const double along = product / std::sqrt(squares);
  const double across = std::sqrt(std::max(0.0, static_cast<double>(code_squares) - along * along));
  return {static_cast<float>(along), static_cast<float>(across)};
}

float largest_of(std::span<const float> elements) {
  float lanes[kLanes] = {};
  const auto take = [&](size_t i, size_t lane) {
    const float size = std::abs(elements[i]);
    lanes[lane] = size > lanes[lane] ? size : lanes[lane];
  };
  size_t i = 0;
  for (; i + kLanes <= elements.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) take(i + lane, lane);
  }
  for (; i < elements.size(); ++i) take(i, 0);
  return *std::ranges::max_element(lanes);
}

}  // namespace

CodeDirections encode_vector(std::span<const float> rotated, uint8_t* code) {
  static const Encode kEncode = choose();
  const Sums sums = kEncode(rotated.data(), rotated.size(), 128.0F / largest_of(rotated), code);
  return {direction_of(sums.coarse, sums.squares, sums.coarse_squares),
          direction_of(sums.fine, sums.squares, sums.fine_squares)};
}

CodedQuery::CodedQuery(std::span<const float> rotated, size_t padded_size) : code(padded_size) {
  const double factor = kMaxQueryCode / static_cast<double>(largest_of(rotated));
  double squares[kLanes] = {};  // apart, as in encode_elements(), so that they are as exact
  double products[kLanes] = {};
  int64_t code_squares = 0;
  for (size_t i = 0; i < rotated.size(); ++i) {
    const auto element = static_cast<double>(rotated[i]);
    const auto whole = static_cast<int32_t>(std::lround(element * factor));
    code[i] = static_cast<int8_t>(whole);
    sum += whole;
    code_squares += int64_t{whole} * whole;
    squares[i % kLanes] += element * element;
    products[i % kLanes] += element * whole;
  }
  const double product = std::accumulate(std::begin(products), std::end(products), 0.0);
  const double square = std::accumulate(std::begin(squares), std::end(squares), 0.0);
  length = std::sqrt(static_cast<double>(code_squares));
  cosine = std::min(1.0, product / (std::sqrt(square) * length));
  sine = std::sqrt(1 - cosine * cosine);
}

}  // namespace quipu
