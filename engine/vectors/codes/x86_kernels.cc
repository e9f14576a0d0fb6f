#include "engine/vectors/codes/x86_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>
#endif

namespace quipu {

#if defined(__x86_64__)

namespace {

#define QUIPU_AVX2 __attribute__((target("avx2")))
#define QUIPU_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx2")))
#define QUIPU_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx2")))

// Queries that go over a block at a time: their sums, the codes and the masks fit into the registers.
constexpr size_t kTogether = 4;
// Steps whose products fit into 16 bits: 4 products of at most 15 * 127 in each.
constexpr size_t kStepsIn16Bits = 4;

int32_t four_of(const int8_t* query) {
  int32_t four = 0;
  std::memcpy(&four, query, sizeof(four));
  return four;
}

// ---- AVX2 ----

// The sums of 8 rows, the upper or lower half of each step, for `kCount` queries.
template <size_t kCount>
QUIPU_AVX2 void half_block_avx2(const uint8_t* codes, size_t steps, const int8_t* const* queries,
                                int32_t* products) {
  const __m256i low_half = _mm256_set1_epi8(15);
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums[kCount];
  for (size_t q = 0; q < kCount; ++q) sums[q] = _mm256_setzero_si256();
  for (size_t begin = 0; begin < steps; begin += kStepsIn16Bits) {
    __m256i narrow[kCount];
    for (size_t q = 0; q < kCount; ++q) narrow[q] = _mm256_setzero_si256();
    const size_t end = begin + kStepsIn16Bits < steps ? begin + kStepsIn16Bits : steps;
    for (size_t step = begin; step < end; ++step) {
      const __m256i both = _mm256_load_si256(reinterpret_cast<const __m256i*>(codes + step * kStepBytes));
      const __m256i low = _mm256_and_si256(both, low_half);
      const __m256i high = _mm256_and_si256(_mm256_srli_epi16(both, 4), low_half);
      for (size_t q = 0; q < kCount; ++q) {
        const int8_t* const query = queries[q] + step * kElementsOfStep;
        narrow[q] = _mm256_add_epi16(narrow[q], _mm256_maddubs_epi16(low, _mm256_set1_epi32(four_of(query))));
        narrow[q] =
            _mm256_add_epi16(narrow[q], _mm256_maddubs_epi16(high, _mm256_set1_epi32(four_of(query + 4))));
      }
    }
    for (size_t q = 0; q < kCount; ++q)
      sums[q] = _mm256_add_epi32(sums[q], _mm256_madd_epi16(narrow[q], ones));
  }
  for (size_t q = 0; q < kCount; ++q) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(products + q * kGroupRows), sums[q]);
  }
}

QUIPU_AVX2 void block_avx2(const uint8_t* codes, size_t steps, const int8_t* const* queries, size_t count,
                           int32_t* products) {
  for (size_t half = 0; half < 2; ++half, codes += kStepBytes / 2, products += kBlockRows / 2) {
    size_t q = 0;
    for (; q + kTogether <= count; q += kTogether) {
      half_block_avx2<kTogether>(codes, steps, queries + q, products + q * kGroupRows);
    }
    for (; q < count; ++q) half_block_avx2<1>(codes, steps, queries + q, products + q * kGroupRows);
  }
}

QUIPU_AVX2 int32_t row_avx2(const uint8_t* codes, size_t chunks, const int8_t* query) {
  const __m256i low_half = _mm256_set1_epi8(15);
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums = _mm256_setzero_si256();
  for (size_t chunk = 0; chunk < chunks; ++chunk) {
    const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + chunk * kChunkBytes));
    const auto* const at = reinterpret_cast<const __m256i*>(query + chunk * kElementsOfChunk);
    const __m256i low = _mm256_maddubs_epi16(_mm256_and_si256(both, low_half), _mm256_loadu_si256(at));
    const __m256i high = _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(both, 4), low_half),
                                              _mm256_loadu_si256(at + 1));
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_add_epi16(low, high), ones));
  }
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1)));
}

QUIPU_AVX2 uint64_t reaching_avx2(const int32_t* products, int32_t shift, const float* along,
                                  const float* across, float a, float b) {
  const __m256 as = _mm256_set1_ps(a);
  const __m256 bs = _mm256_set1_ps(b);
  const __m256i shifts = _mm256_set1_epi32(shift);
  uint64_t bits = 0;
  for (size_t r = 0; r < kGroupRows; r += 8) {
    const __m256 limits = _mm256_sub_ps(_mm256_mul_ps(as, _mm256_loadu_ps(along + r)),
                                        _mm256_mul_ps(bs, _mm256_loadu_ps(across + r)));
    const __m256i once = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(products + r));
    const __m256i twice = _mm256_sub_epi32(_mm256_add_epi32(once, once), shifts);
    const __m256 reached = _mm256_cmp_ps(_mm256_cvtepi32_ps(twice), limits, _CMP_GE_OQ);
    bits |= uint64_t{static_cast<uint32_t>(_mm256_movemask_ps(reached))} << r;
  }
  return bits;
}

// ---- AVX-512 ----

QUIPU_AVX512 uint64_t reaching_avx512(const int32_t* products, int32_t shift, const float* along,
                                      const float* across, float a, float b) {
  const __m512 as = _mm512_set1_ps(a);
  const __m512 bs = _mm512_set1_ps(b);
  const __m512i shifts = _mm512_set1_epi32(shift);
  constexpr __mmask16 kAll = 0xffff;  // without it GCC 12 warns of what it leaves uninitialised
  uint64_t bits = 0;
  for (size_t r = 0; r < kGroupRows; r += 16) {
    const __m512 limits = _mm512_sub_ps(_mm512_mul_ps(as, _mm512_loadu_ps(along + r)),
                                        _mm512_mul_ps(bs, _mm512_loadu_ps(across + r)));
    const __m512i once = _mm512_loadu_si512(products + r);
    const __m512i twice = _mm512_sub_epi32(_mm512_add_epi32(once, once), shifts);
    bits |= uint64_t{_mm512_cmp_ps_mask(_mm512_maskz_cvtepi32_ps(kAll, twice), limits, _CMP_GE_OQ)} << r;
  }
  return bits;
}

template <size_t kCount>
QUIPU_AVX512 void queries_avx512(const uint8_t* codes, size_t steps, const int8_t* const* queries,
                                 int32_t* products) {
  const __m512i low_half = _mm512_set1_epi8(15);
  const __m512i ones = _mm512_set1_epi16(1);
  __m512i sums[kCount];
  for (size_t q = 0; q < kCount; ++q) sums[q] = _mm512_setzero_si512();
  for (size_t begin = 0; begin < steps; begin += kStepsIn16Bits) {
    __m512i narrow[kCount];
    for (size_t q = 0; q < kCount; ++q) narrow[q] = _mm512_setzero_si512();
    const size_t end = begin + kStepsIn16Bits < steps ? begin + kStepsIn16Bits : steps;
    for (size_t step = begin; step < end; ++step) {
      const __m512i both = _mm512_load_si512(codes + step * kStepBytes);
      const __m512i low = _mm512_and_si512(both, low_half);
      const __m512i high = _mm512_and_si512(_mm512_srli_epi16(both, 4), low_half);
      for (size_t q = 0; q < kCount; ++q) {
        const int8_t* const query = queries[q] + step * kElementsOfStep;
        narrow[q] = _mm512_add_epi16(narrow[q], _mm512_maddubs_epi16(low, _mm512_set1_epi32(four_of(query))));
        narrow[q] =
            _mm512_add_epi16(narrow[q], _mm512_maddubs_epi16(high, _mm512_set1_epi32(four_of(query + 4))));
      }
    }
    for (size_t q = 0; q < kCount; ++q)
      sums[q] = _mm512_add_epi32(sums[q], _mm512_madd_epi16(narrow[q], ones));
  }
  for (size_t q = 0; q < kCount; ++q) _mm512_storeu_si512(products + q * kGroupRows, sums[q]);
}

// sums += codes · the four codes of a query. In this form, for GCC 12 makes two copies of each sum of the
// intrinsic.
QUIPU_VNNI inline void add_products(__m512i& sums, const __m512i& codes, const int8_t* query) {
  using Four = int32_t __attribute__((may_alias, aligned(1)));
  asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sums) : "v"(codes), "m"(*reinterpret_cast<const Four*>(query)));
}

// Multiplies and adds in one step. The halves have sums of their own, for a step's sums are not ready for the
// next.
template <size_t kCount>
QUIPU_VNNI void queries_vnni(const uint8_t* codes, size_t steps, const int8_t* const* queries,
                             int32_t* products) {
  const __m512i low_half = _mm512_set1_epi8(15);
  __m512i low_sums[kCount];
  __m512i high_sums[kCount];
#pragma GCC unroll 8  // so that all sums are in registers
  for (size_t q = 0; q < kCount; ++q) low_sums[q] = high_sums[q] = _mm512_setzero_si512();
  for (size_t step = 0; step < steps; ++step) {
    const __m512i both = _mm512_load_si512(codes + step * kStepBytes);
    const __m512i low = _mm512_and_si512(both, low_half);
    const __m512i high = _mm512_and_si512(_mm512_srli_epi16(both, 4), low_half);
    for (size_t q = 0; q < kCount; ++q) {
      const int8_t* const query = queries[q] + step * kElementsOfStep;
      add_products(low_sums[q], low, query);
      add_products(high_sums[q], high, query + 4);
    }
  }
#pragma GCC unroll 8
  for (size_t q = 0; q < kCount; ++q) {
    _mm512_storeu_si512(products + q * kGroupRows, _mm512_add_epi32(low_sums[q], high_sums[q]));
  }
}

QUIPU_AVX512 void block_avx512(const uint8_t* codes, size_t steps, const int8_t* const* queries, size_t count,
                               int32_t* products) {
  size_t q = 0;
  for (; q + kTogether <= count; q += kTogether) {
    queries_avx512<kTogether>(codes, steps, queries + q, products + q * kGroupRows);
  }
  for (; q < count; ++q) queries_avx512<1>(codes, steps, queries + q, products + q * kGroupRows);
}

QUIPU_VNNI void block_vnni(const uint8_t* codes, size_t steps, const int8_t* const* queries, size_t count,
                           int32_t* products) {
  size_t q = 0;
  for (; q + 2 * kTogether <= count; q += 2 * kTogether) {
    queries_vnni<2 * kTogether>(codes, steps, queries + q, products + q * kGroupRows);
  }
  for (; q + kTogether <= count; q += kTogether) {
    queries_vnni<kTogether>(codes, steps, queries + q, products + q * kGroupRows);
  }
  for (; q < count; ++q) queries_vnni<1>(codes, steps, queries + q, products + q * kGroupRows);
}

// One query over all blocks at once: memory is read best in several places, and a group ahead.
QUIPU_VNNI void query_vnni(const uint8_t* codes, size_t steps, size_t next, const int8_t* query,
                           int32_t* products) {
  const __m512i low_half = _mm512_set1_epi8(15);
  __m512i low_sums[kBlocks];
  __m512i high_sums[kBlocks];
  for (size_t i = 0; i < kBlocks; ++i) low_sums[i] = high_sums[i] = _mm512_setzero_si512();
  for (size_t step = 0; step < steps; ++step, query += kElementsOfStep) {
    const __m512i low_query = _mm512_set1_epi32(four_of(query));
    const __m512i high_query = _mm512_set1_epi32(four_of(query + 4));
    for (size_t i = 0; i < kBlocks; ++i) {
      const uint8_t* const at = codes + (i * steps + step) * kStepBytes;
      _mm_prefetch(at + next, _MM_HINT_T1);
      const __m512i both = _mm512_load_si512(at);
      const __m512i high = _mm512_and_si512(_mm512_srli_epi16(both, 4), low_half);
      low_sums[i] = _mm512_dpbusd_epi32(low_sums[i], _mm512_and_si512(both, low_half), low_query);
      high_sums[i] = _mm512_dpbusd_epi32(high_sums[i], high, high_query);
    }
  }
  for (size_t i = 0; i < kBlocks; ++i) {
    _mm512_storeu_si512(products + i * kBlockRows, _mm512_add_epi32(low_sums[i], high_sums[i]));
  }
}

void prefetch(const uint8_t* codes, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch(codes + at, 0, 2);
}

template <auto kBlock>
void each_block(const uint8_t* codes, size_t steps, size_t next, const int8_t* const* queries, size_t count,
                int32_t* products) {
  for (size_t i = 0; i < kBlocks; ++i, codes += steps * kStepBytes, products += kBlockRows) {
    prefetch(codes + next, steps * kStepBytes);
    kBlock(codes, steps, queries, count, products);
  }
}

void group_vnni(const uint8_t* codes, size_t steps, size_t next, const int8_t* const* queries, size_t count,
                int32_t* products) {
  if (count == 1) return query_vnni(codes, steps, next, queries[0], products);
  each_block<block_vnni>(codes, steps, next, queries, count, products);
}

}  // namespace

std::vector<CodeKernels> x86_kernels() {
  std::vector<CodeKernels> found;
  const bool avx2 = __builtin_cpu_supports("avx2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl");
  if (avx512 && __builtin_cpu_supports("avx512vnni")) {
    found.push_back({"avx512vnni", block_vnni, group_vnni, row_avx2, reaching_avx512});
  }
  if (avx512)
    found.push_back({"avx512bw", block_avx512, each_block<block_avx512>, row_avx2, reaching_avx512});
  if (avx2) found.push_back({"avx2", block_avx2, each_block<block_avx2>, row_avx2, reaching_avx2});
  return found;
}

#else

std::vector<CodeKernels> x86_kernels() { return {}; }

#endif

}  // namespace quipu
