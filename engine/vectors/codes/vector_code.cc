#include "engine/vectors/codes/vector_code.h"

#include <algorithm>
#include <cmath>

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

__attribute__((always_inline)) inline Sums encode_elements(const float* vector, size_t size, float factor,
                                                           uint8_t* code) {
  double squares[kLanes] = {};
  double coarse[kLanes] = {};
  double fine[kLanes] = {};
  int32_t coarse_squares[kLanes] = {};
  int32_t fine_squares[kLanes] = {};
  const auto add = [&](size_t i, size_t lane) {
    const float scaled = vector[i] * factor;
    const auto whole = static_cast<int32_t>(scaled);
    const int32_t below = whole - static_cast<int32_t>(scaled < static_cast<float>(whole));
    const int32_t byte = std::clamp(below + 128, 0, 255);
    code[i] = static_cast<uint8_t>(byte);
    const auto element = static_cast<double>(vector[i]);
    const int32_t fine_element = 2 * byte - 255;
    const int32_t coarse_element = 2 * (byte >> 4) - 15;
    squares[lane] += element * element;
    coarse[lane] += element * coarse_element;
    fine[lane] += element * fine_element;
    coarse_squares[lane] += coarse_element * coarse_element;
    fine_squares[lane] += fine_element * fine_element;
  };
  size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) add(i + lane, lane);
  }
  for (; i < size; ++i) add(i, 0);
  Sums sums;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    sums.squares += squares[lane];
    sums.coarse += coarse[lane];
    sums.fine += fine[lane];
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
  double squares = 0;
  double product = 0;
  int64_t code_squares = 0;
  for (size_t i = 0; i < rotated.size(); ++i) {
    const auto element = static_cast<double>(rotated[i]);
    const auto whole = static_cast<int32_t>(std::lround(element * factor));
    code[i] = static_cast<int8_t>(whole);
    sum += whole;
    code_squares += int64_t{whole} * whole;
    squares += element * element;
    product += element * whole;
  }
  length = std::sqrt(static_cast<double>(code_squares));
  cosine = std::min(1.0, product / (std::sqrt(squares) * length));
  sine = std::sqrt(1 - cosine * cosine);
}

}  // namespace quipu
