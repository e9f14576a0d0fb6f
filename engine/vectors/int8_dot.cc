#include "engine/vectors/int8_dot.h"

#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace quipu {
namespace {

void scan_plain(const int8_t* codes, size_t stride, size_t count, const int16_t* query, int32_t* products) {
  for (size_t row = 0; row < count; ++row, codes += stride) {
    int32_t sum = 0;
    for (size_t i = 0; i < stride; ++i) sum += static_cast<int32_t>(codes[i]) * query[i];
    products[row] = sum;
  }
}

#if defined(__x86_64__)

__attribute__((target("sse4.1"))) int32_t sum_of(__m128i four) {
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

__attribute__((target("sse4.1"))) __m128i product_of_8(const int8_t* codes, const int16_t* query) {
  const __m128i narrow = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes));
  const __m128i wide = _mm_loadu_si128(reinterpret_cast<const __m128i*>(query));
  return _mm_madd_epi16(_mm_cvtepi8_epi16(narrow), wide);
}

__attribute__((target("sse4.1"))) void scan_sse4(const int8_t* codes, size_t stride, size_t count,
                                                 const int16_t* query, int32_t* products) {
  for (size_t row = 0; row < count; ++row, codes += stride) {
    __m128i even = _mm_setzero_si128();
    __m128i odd = _mm_setzero_si128();
    for (size_t i = 0; i < stride; i += 16) {
      even = _mm_add_epi32(even, product_of_8(codes + i, query + i));
      odd = _mm_add_epi32(odd, product_of_8(codes + i + 8, query + i + 8));
    }
    products[row] = sum_of(_mm_add_epi32(even, odd));
  }
}

__attribute__((target("avx2"))) int32_t sum_of(__m256i sums) {
  return sum_of(_mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1)));
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

#define QUIPU_VNNI __attribute__((target("avx2,avx512f,avx512vl,avx512vnni")))

// Multiplies and adds in one step.
QUIPU_VNNI __m256i add_product_of_16(__m256i sums, const int8_t* codes, const int16_t* query) {
  const __m128i narrow = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes));
  const __m256i wide = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query));
  return _mm256_dpwssd_epi32(sums, _mm256_cvtepi8_epi16(narrow), wide);
}

QUIPU_VNNI void scan_vnni(const int8_t* codes, size_t stride, size_t count, const int16_t* query,
                          int32_t* products) {
  for (size_t row = 0; row < count; ++row, codes += stride) {
    __m256i even = _mm256_setzero_si256();
    __m256i odd = _mm256_setzero_si256();
    for (size_t i = 0; i < stride; i += kCodeAlignment) {
      even = add_product_of_16(even, codes + i, query + i);
      odd = add_product_of_16(odd, codes + i + 16, query + i + 16);
    }
    products[row] = sum_of(_mm256_add_epi32(even, odd));
  }
}

std::vector<CodeScan> find_scans() {
  std::vector<CodeScan> scans;
  const bool vnni = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512vnni");
  if (vnni) scans.push_back({"avx512vnni", scan_vnni});
  if (__builtin_cpu_supports("avx2")) scans.push_back({"avx2", scan_avx2});
  if (__builtin_cpu_supports("sse4.1")) scans.push_back({"sse4.1", scan_sse4});
  scans.push_back({"plain", scan_plain});
  return scans;
}

#else

std::vector<CodeScan> find_scans() { return {{"plain", scan_plain}}; }

#endif

}  // namespace

std::span<const CodeScan> code_scans() {
  static const std::vector<CodeScan> kScans = find_scans();
  return kScans;
}

void scan_codes(const int8_t* codes, size_t stride, size_t count, const int16_t* query, int32_t* products) {
  code_scans().front().scan(codes, stride, count, query, products);
}

}  // namespace quipu
