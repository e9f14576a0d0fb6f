#include "engine/vectors/codes/rotation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace quipu {
namespace {

constexpr size_t kRounds = 2;
constexpr double kFloatRounding = 0x1p-24;

uint64_t next_random(uint64_t& state) {  // splitmix64
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

using Eight = float __attribute__((vector_size(32)));

__attribute__((always_inline)) inline void load(const float* from, Eight& eight) {
  std::memcpy(&eight, from, sizeof(eight));
}

__attribute__((always_inline)) inline void store(const Eight& eight, float* to) {
  std::memcpy(to, &eight, sizeof(eight));
}

// The stages of the halves 1, 2 and 4, within registers.
__attribute__((always_inline)) inline void first_stages(float* vector, size_t size) {
  constexpr Eight kSecondOfTwo = {1, -1, 1, -1, 1, -1, 1, -1};
  constexpr Eight kSecondOfFour = {1, 1, -1, -1, 1, 1, -1, -1};
  constexpr Eight kSecondOfEight = {1, 1, 1, 1, -1, -1, -1, -1};
  for (size_t i = 0; i < size; i += 8) {
    Eight x;
    load(vector + i, x);
    x = __builtin_shufflevector(x, x, 0, 0, 2, 2, 4, 4, 6, 6) +
        __builtin_shufflevector(x, x, 1, 1, 3, 3, 5, 5, 7, 7) * kSecondOfTwo;
    x = __builtin_shufflevector(x, x, 0, 1, 0, 1, 4, 5, 4, 5) +
        __builtin_shufflevector(x, x, 2, 3, 2, 3, 6, 7, 6, 7) * kSecondOfFour;
    x = __builtin_shufflevector(x, x, 0, 1, 2, 3, 0, 1, 2, 3) +
        __builtin_shufflevector(x, x, 4, 5, 6, 7, 4, 5, 6, 7) * kSecondOfEight;
    store(x, vector + i);
  }
}

// One stage of the transform: sums and differences of elements that lie `half` apart, which is at least 8.
__attribute__((always_inline)) inline void stage(float* vector, size_t size, size_t half) {
  for (size_t at = 0; at < size; at += 2 * half) {
    for (size_t i = at; i < at + half; i += 8) {
      Eight a;
      Eight b;
      load(vector + i, a);
      load(vector + i + half, b);
      store(a + b, vector + i);
      store(a - b, vector + i + half);
    }
  }
}

// The same for two stages, `half` and twice that, with half the loads.
__attribute__((always_inline)) inline void two_stages(float* vector, size_t size, size_t half) {
  for (size_t at = 0; at < size; at += 4 * half) {
    for (size_t i = at; i < at + half; i += 8) {
      Eight a;
      Eight b;
      Eight c;
      Eight d;
      load(vector + i, a);
      load(vector + i + half, b);
      load(vector + i + 2 * half, c);
      load(vector + i + 3 * half, d);
      const Eight first_sum = a + b;
      const Eight first_difference = a - b;
      const Eight last_sum = c + d;
      const Eight last_difference = c - d;
      store(first_sum + last_sum, vector + i);
      store(first_difference + last_difference, vector + i + half);
      store(first_sum - last_sum, vector + i + 2 * half);
      store(first_difference - last_difference, vector + i + 3 * half);
    }
  }
}

// All stages for fewer than 8 elements.
__attribute__((always_inline)) inline void few_elements(float* vector, size_t size) {
  for (size_t half = 1; half < size; half *= 2) {
    for (size_t i = 0; i < size; ++i) {
      if ((i & half) != 0) continue;
      const float sum = vector[i] + vector[i + half];
      vector[i + half] = vector[i] - vector[i + half];
      vector[i] = sum;
    }
  }
}

__attribute__((always_inline)) inline void hadamard(float* vector, size_t size) {
  if (size < 8) return few_elements(vector, size);
  first_stages(vector, size);
  size_t half = 8;
  for (; 4 * half <= size; half *= 4) two_stages(vector, size, half);
  if (half < size) stage(vector, size, half);
}

__attribute__((always_inline)) inline void multiply(float* vector, const float* factors, size_t size) {
  for (size_t i = 0; i < size; ++i) vector[i] *= factors[i];
}

// A round: signs, the transform over the first elements, and over the last ones. The factors of a second
// transform over what is in both stand behind the signs.
__attribute__((always_inline)) inline void round(float* vector, const float* factors, size_t size,
                                                 size_t block) {
  multiply(vector, factors, size);
  hadamard(vector, block);
  if (block == size) return;
  multiply(vector, factors + size, size);
  hadamard(vector + size - block, block);
}

void rotate_plain(float* vector, const float* factors, size_t size, size_t block, size_t stride) {
  for (size_t i = 0; i < kRounds; ++i) round(vector, factors + i * stride, size, block);
}

using Rotate = decltype(&rotate_plain);

#if defined(__x86_64__)

__attribute__((target("avx2"))) void rotate_avx2(float* vector, const float* factors, size_t size,
                                                 size_t block, size_t stride) {
  for (size_t i = 0; i < kRounds; ++i) round(vector, factors + i * stride, size, block);
}

Rotate choose() { return __builtin_cpu_supports("avx2") ? rotate_avx2 : rotate_plain; }

#else

Rotate choose() { return rotate_plain; }

#endif

}  // namespace

// A stage rounds each element once, and so does a multiplication: each adds at most kFloatRounding of the
// length.
Rotation::Rotation(size_t dimensions, uint64_t seed)
    : dimensions_(dimensions), block_(std::bit_floor(std::max<size_t>(dimensions, 1))) {
  const size_t transforms = block_ == dimensions ? 1 : 2;
  const auto stages = static_cast<double>(std::bit_width(block_) - 1);
  error_ = kFloatRounding * static_cast<double>(kRounds * transforms) * (stages + 2);
  const auto keeps_length = static_cast<float>(1 / std::sqrt(static_cast<double>(block_)));
  uint64_t state = seed;
  for (size_t round = 0; round < kRounds; ++round) {
    for (size_t transform = 0; transform < transforms; ++transform) {
      for (size_t i = 0; i < dimensions; ++i) {
        const bool within = transform == 0 ? i < block_ : i >= dimensions - block_;
        const float sign = transform == 0 && (next_random(state) & 1) != 0 ? -1.0F : 1.0F;
        factors_.push_back(within ? sign * keeps_length : sign);
      }
    }
  }
}

void Rotation::apply(float* vector) const {
  static const Rotate kRotate = choose();
  if (dimensions_ == 0) return;
  kRotate(vector, factors_.data(), dimensions_, block_, factors_.size() / kRounds);
}

}  // namespace quipu
