#include "engine/vectors/float_dot.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace quipu {
namespace {

float dot_plain(const float* a, const float* b, size_t size) {
  float sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    for (size_t j = 0; j < 8; ++j) sums[j] += a[i + j] * b[i + j];
  }
  for (; i < size; ++i) sums[0] += a[i] * b[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

#if defined(__x86_64__)

__attribute__((target("avx2,fma"))) float dot_avx2(const float* a, const float* b, size_t size) {
  __m256 even = _mm256_setzero_ps();
  __m256 odd = _mm256_setzero_ps();
  size_t i = 0;
  for (; i + 16 <= size; i += 16) {
    even = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), even);
    odd = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8), odd);
  }
  const __m256 all = _mm256_add_ps(even, odd);
  __m128 sums = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
  sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
  sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
  float sum = _mm_cvtss_f32(sums);
  for (; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

__attribute__((target("avx512f"))) float dot_avx512(const float* a, const float* b, size_t size) {
  __m512 even = _mm512_setzero_ps();
  __m512 odd = _mm512_setzero_ps();
  size_t i = 0;
  for (; i + 32 <= size; i += 32) {
    even = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), even);
    odd = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16), odd);
  }
  for (; i < size; i += 16) {
    const __mmask16 rest =
        i + 16 <= size ? __mmask16(0xffff) : static_cast<__mmask16>((1U << (size - i)) - 1);
    even = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(rest, a + i), _mm512_maskz_loadu_ps(rest, b + i), even);
  }
  alignas(64) float sums[16];
  _mm512_store_ps(sums, _mm512_add_ps(even, odd));
  float sum = 0;
  for (const float part : sums) sum += part;
  return sum;
}

FloatDot choose() {
  if (__builtin_cpu_supports("avx512f")) return dot_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return dot_avx2;
  return dot_plain;
}

#else

FloatDot choose() { return dot_plain; }

#endif

}  // namespace

FloatDot float_dot() {
  static const FloatDot kDot = choose();
  return kDot;
}

}  // namespace quipu
