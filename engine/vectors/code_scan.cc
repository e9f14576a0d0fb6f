#include "engine/vectors/code_scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace quipu {
namespace {

using Scan = void (*)(const int8_t*, size_t, size_t, const int16_t*, int32_t*);

void scan_plain(const int8_t* codes, size_t stride, size_t count, const int16_t* query, int32_t* products) {
  for (size_t row = 0; row < count; ++row, codes += stride) {
    int32_t sum = 0;
    for (size_t i = 0; i < stride; ++i) sum += static_cast<int32_t>(codes[i]) * query[i];
    products[row] = sum;
  }
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) int32_t sum_of(__m256i sums) {
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

__attribute__((target("avx2"))) __m256i product_of_16(const int8_t* codes, const int16_t* query) {
  const __m128i narrow = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes));
  const __m256i wide = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query));
  return _mm256_madd_epi16(_mm256_cvtepi8_epi16(narrow), wide);
}

__attribute__((target("avx2"))) void scan_avx2(const int8_t* codes, size_t stride, size_t count,
                                               const int16_t* query, int32_t* products) {
  for (size_t row = 0; row < count; ++row, codes += stride) {
    __m256i even = _mm256_setzero_si256();
    __m256i odd = _mm256_setzero_si256();
    for (size_t i = 0; i < stride; i += kCodeAlignment) {
      even = _mm256_add_epi32(even, product_of_16(codes + i, query + i));
      odd = _mm256_add_epi32(odd, product_of_16(codes + i + 16, query + i + 16));
    }
    products[row] = sum_of(_mm256_add_epi32(even, odd));
  }
}

Scan choose() { return __builtin_cpu_supports("avx2") ? scan_avx2 : scan_plain; }

#else

Scan choose() { return scan_plain; }

#endif

}  // namespace

void scan_codes(const int8_t* codes, size_t stride, size_t count, const int16_t* query, int32_t* products) {
  static const Scan kScan = choose();
  kScan(codes, stride, count, query, products);
}

}  // namespace quipu
