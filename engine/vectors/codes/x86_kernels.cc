#include "engine/vectors/codes/x86_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#endif

namespace quipu {

#if defined(__x86_64__)

namespace {

#define QUIPU_AVX2 __attribute__((target("avx2")))
#define QUIPU_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx2")))
#define QUIPU_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx2")))

// All of 16 numbers: where none is named GCC 12 warns of what it leaves uninitialised.
constexpr uint16_t kAll16 = 0xffff;

// ---- one query ----

QUIPU_AVX2 inline __m256i load(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

QUIPU_AVX2 int32_t row_avx2(const uint8_t* codes, size_t chunks, const int8_t* query) {
  const __m256i low_half = _mm256_set1_epi8(15);
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums = _mm256_setzero_si256();
  for (; chunks != 0; --chunks, codes += kChunkBytes, query += kElementsOfChunk) {
    const __m256i both = load(codes);
    const __m256i high_codes = _mm256_and_si256(_mm256_srli_epi16(both, 4), low_half);
    const __m256i low = _mm256_maddubs_epi16(_mm256_and_si256(both, low_half), load(query));
    const __m256i high = _mm256_maddubs_epi16(high_codes, load(query + kChunkBytes));
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_add_epi16(low, high), ones));
  }
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1)));
}

void group_avx2(const GroupCodes& group, const int8_t* query, int32_t* products) {
  const size_t row_bytes = group.chunks * kChunkBytes;
  for (size_t r = 0; r < kGroupRows; ++r) {
    const uint8_t* const codes = group.rows + r * row_bytes;
    for (size_t at = 0; at < row_bytes; at += 64) __builtin_prefetch(codes + group.next + at, 0, 2);
    products[r] = row_avx2(codes, group.chunks, query);
  }
}

// Rows that are read side by side: memory is read best in several places.
constexpr size_t kSideBySide = 4;

// The sums of so many rows, each `apart` from the next. Upper halves are multiplied where they stand, as 16
// times what they are.
QUIPU_VNNI inline __m128i rows_vnni(const uint8_t* codes, size_t apart, size_t chunks, size_t next,
                                    const int8_t* query) {
  const __m256i low_half = _mm256_set1_epi8(15);
  const __m256i high_half = _mm256_set1_epi8(static_cast<char>(0xf0));
  __m256i low[kSideBySide];
  __m256i high[kSideBySide];
#pragma GCC unroll 4
  for (size_t i = 0; i < kSideBySide; ++i) low[i] = high[i] = _mm256_setzero_si256();
  for (; chunks != 0; --chunks, codes += kChunkBytes, query += kElementsOfChunk) {
    const __m256i low_query = load(query);
    const __m256i high_query = load(query + kChunkBytes);
#pragma GCC unroll 4
    for (size_t i = 0; i < kSideBySide; ++i) {
      const uint8_t* const at = codes + i * apart;
      _mm_prefetch(at + next, _MM_HINT_T1);
      const __m256i both = load(at);
      low[i] = _mm256_dpbusd_epi32(low[i], _mm256_and_si256(both, low_half), low_query);
      high[i] = _mm256_dpbusd_epi32(high[i], _mm256_and_si256(both, high_half), high_query);
    }
  }
#pragma GCC unroll 4
  for (size_t i = 0; i < kSideBySide; ++i) low[i] = _mm256_add_epi32(low[i], _mm256_srai_epi32(high[i], 4));
  const __m256i sums =
      _mm256_hadd_epi32(_mm256_hadd_epi32(low[0], low[1]), _mm256_hadd_epi32(low[2], low[3]));
  return _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
}

QUIPU_VNNI int32_t row_vnni(const uint8_t* codes, size_t chunks, const int8_t* query) {
  const __m256i low_half = _mm256_set1_epi8(15);
  const __m256i high_half = _mm256_set1_epi8(static_cast<char>(0xf0));
  __m256i low = _mm256_setzero_si256();
  __m256i high = _mm256_setzero_si256();
  for (; chunks != 0; --chunks, codes += kChunkBytes, query += kElementsOfChunk) {
    const __m256i both = load(codes);
    low = _mm256_dpbusd_epi32(low, _mm256_and_si256(both, low_half), load(query));
    high = _mm256_dpbusd_epi32(high, _mm256_and_si256(both, high_half), load(query + kChunkBytes));
  }
  const __m256i sums = _mm256_add_epi32(low, _mm256_srai_epi32(high, 4));
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1)));
}

QUIPU_VNNI void group_vnni(const GroupCodes& group, const int8_t* query, int32_t* products) {
  constexpr size_t kPart = kGroupRows / kSideBySide;
  const size_t row_bytes = group.chunks * kChunkBytes;
  for (size_t r = 0; r < kPart; ++r) {
    const __m128i sums =
        rows_vnni(group.rows + r * row_bytes, kPart * row_bytes, group.chunks, group.next, query);
    products[r] = _mm_extract_epi32(sums, 0);
    products[kPart + r] = _mm_extract_epi32(sums, 1);
    products[2 * kPart + r] = _mm_extract_epi32(sums, 2);
    products[3 * kPart + r] = _mm_extract_epi32(sums, 3);
  }
}

// ---- many queries ----

// 16 rows are turned round, some chunks at a time: 64 bytes, a step, have 4 bytes of each row.
constexpr size_t kBlockRows = 16;
constexpr size_t kStepBytes = 4 * kBlockRows;
constexpr size_t kStepsOfChunk = kChunkBytes / 4;
constexpr size_t kChunksAtATime = 16;
// Queries that go over a block at a time: their sums, the codes and the masks fit into the registers.
constexpr size_t kTogether = 4;
// Steps whose products fit into 16 bits: 4 products of at most 15 * 127 in each.
constexpr size_t kStepsIn16Bits = 4;

// A chunk of 8 rows: transposes 8 x 8 numbers of 4 bytes.
QUIPU_AVX2 inline void turn_8_rows(const uint8_t* codes, size_t row_bytes, uint8_t* turned) {
  __m256i pairs[8];
  __m256i fours[8];
#pragma GCC unroll 4
  for (size_t i = 0; i < 8; i += 2) {
    const __m256i a = load(codes + i * row_bytes);
    const __m256i b = load(codes + (i + 1) * row_bytes);
    pairs[i] = _mm256_unpacklo_epi32(a, b);
    pairs[i + 1] = _mm256_unpackhi_epi32(a, b);
  }
#pragma GCC unroll 2
  for (size_t i = 0; i < 8; i += 4) {
    fours[i] = _mm256_unpacklo_epi64(pairs[i], pairs[i + 2]);
    fours[i + 1] = _mm256_unpackhi_epi64(pairs[i], pairs[i + 2]);
    fours[i + 2] = _mm256_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
    fours[i + 3] = _mm256_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
  }
#pragma GCC unroll 4
  for (size_t i = 0; i < 4; ++i) {
    const auto step = [&](size_t number) { return reinterpret_cast<__m256i*>(turned + number * kStepBytes); };
    _mm256_store_si256(step(i), _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x20));
    _mm256_store_si256(step(i + 4), _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x31));
  }
}

// `turned` is aligned to 32 bytes.
QUIPU_AVX2 void turn_block(const uint8_t* codes, size_t row_bytes, size_t chunks, size_t next,
                           uint8_t* turned) {
  for (size_t r = 0; r < kBlockRows; ++r) {
    for (size_t at = 0; at < chunks * kChunkBytes; at += 64) {
      _mm_prefetch(codes + next + r * row_bytes + at, _MM_HINT_T1);
    }
  }
  for (; chunks != 0; --chunks, codes += kChunkBytes, turned += kStepsOfChunk * kStepBytes) {
    turn_8_rows(codes, row_bytes, turned);
    turn_8_rows(codes + kBlockRows / 2 * row_bytes, row_bytes, turned + kStepBytes / 2);
  }
}

// What a kernel has to do: the products of a turned block's chunks, which begin at element `first` of the
// rows, with a few queries are added to products[q * kGroupRows + r].
struct Block {
  const uint8_t* turned;
  size_t chunks;
  size_t first;
};

int32_t four_of(const int8_t* query) {
  int32_t four = 0;
  std::memcpy(&four, query, sizeof(four));
  return four;
}

// The elements of the queries that belong to a step's lower halves; those of the upper ones follow 32 later.
size_t element_of(const Block& block, size_t step) {
  return block.first + step / kStepsOfChunk * kElementsOfChunk + step % kStepsOfChunk * 4;
}

template <size_t kCount>
QUIPU_AVX2 void half_block_avx2(const Block& block, size_t half, const int8_t* const* queries,
                                int32_t* products) {
  const __m256i low_half = _mm256_set1_epi8(15);
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums[kCount];
  for (size_t q = 0; q < kCount; ++q) sums[q] = load(products + q * kGroupRows);
  for (size_t begin = 0; begin < block.chunks * kStepsOfChunk; begin += kStepsIn16Bits) {
    __m256i narrow[kCount];
    for (size_t q = 0; q < kCount; ++q) narrow[q] = _mm256_setzero_si256();
    for (size_t step = begin; step < begin + kStepsIn16Bits; ++step) {
      const __m256i both = load(block.turned + step * kStepBytes + half * kStepBytes / 2);
      const __m256i low = _mm256_and_si256(both, low_half);
      const __m256i high = _mm256_and_si256(_mm256_srli_epi16(both, 4), low_half);
      const size_t at = element_of(block, step);
      for (size_t q = 0; q < kCount; ++q) {
        const int32_t low_query = four_of(queries[q] + at);
        const int32_t high_query = four_of(queries[q] + at + kChunkBytes);
        narrow[q] = _mm256_add_epi16(narrow[q], _mm256_maddubs_epi16(low, _mm256_set1_epi32(low_query)));
        narrow[q] = _mm256_add_epi16(narrow[q], _mm256_maddubs_epi16(high, _mm256_set1_epi32(high_query)));
      }
    }
    for (size_t q = 0; q < kCount; ++q)
      sums[q] = _mm256_add_epi32(sums[q], _mm256_madd_epi16(narrow[q], ones));
  }
  for (size_t q = 0; q < kCount; ++q) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(products + q * kGroupRows), sums[q]);
  }
}

void block_avx2(const Block& block, std::span<const int8_t* const> queries, int32_t* products) {
  for (size_t half = 0; half < 2; ++half, products += kBlockRows / 2) {
    size_t q = 0;
    for (; q + kTogether <= queries.size(); q += kTogether) {
      half_block_avx2<kTogether>(block, half, &queries[q], products + q * kGroupRows);
    }
    for (; q < queries.size(); ++q) half_block_avx2<1>(block, half, &queries[q], products + q * kGroupRows);
  }
}

template <size_t kCount>
QUIPU_AVX512 void queries_avx512(const Block& block, const int8_t* const* queries, int32_t* products) {
  const __m512i low_half = _mm512_set1_epi8(15);
  const __m512i ones = _mm512_set1_epi16(1);
  __m512i sums[kCount];
  for (size_t q = 0; q < kCount; ++q) sums[q] = _mm512_loadu_si512(products + q * kGroupRows);
  for (size_t begin = 0; begin < block.chunks * kStepsOfChunk; begin += kStepsIn16Bits) {
    __m512i narrow[kCount];
    for (size_t q = 0; q < kCount; ++q) narrow[q] = _mm512_setzero_si512();
    for (size_t step = begin; step < begin + kStepsIn16Bits; ++step) {
      const __m512i both = _mm512_loadu_si512(block.turned + step * kStepBytes);
      const __m512i low = _mm512_and_si512(both, low_half);
      const __m512i high = _mm512_and_si512(_mm512_srli_epi16(both, 4), low_half);
      const size_t at = element_of(block, step);
      for (size_t q = 0; q < kCount; ++q) {
        const int32_t low_query = four_of(queries[q] + at);
        const int32_t high_query = four_of(queries[q] + at + kChunkBytes);
        narrow[q] = _mm512_add_epi16(narrow[q], _mm512_maddubs_epi16(low, _mm512_set1_epi32(low_query)));
        narrow[q] = _mm512_add_epi16(narrow[q], _mm512_maddubs_epi16(high, _mm512_set1_epi32(high_query)));
      }
    }
    for (size_t q = 0; q < kCount; ++q)
      sums[q] = _mm512_add_epi32(sums[q], _mm512_madd_epi16(narrow[q], ones));
  }
  for (size_t q = 0; q < kCount; ++q) _mm512_storeu_si512(products + q * kGroupRows, sums[q]);
}

void block_avx512(const Block& block, std::span<const int8_t* const> queries, int32_t* products) {
  size_t q = 0;
  for (; q + kTogether <= queries.size(); q += kTogether) {
    queries_avx512<kTogether>(block, &queries[q], products + q * kGroupRows);
  }
  for (; q < queries.size(); ++q) queries_avx512<1>(block, &queries[q], products + q * kGroupRows);
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
QUIPU_VNNI void queries_vnni(const Block& block, const int8_t* const* queries, int32_t* products) {
  const __m512i low_half = _mm512_set1_epi8(15);
  const __m512i high_half = _mm512_set1_epi8(static_cast<char>(0xf0));
  __m512i low_sums[kCount];
  __m512i high_sums[kCount];
#pragma GCC unroll 8  // so that all sums are in registers
  for (size_t q = 0; q < kCount; ++q) low_sums[q] = high_sums[q] = _mm512_setzero_si512();
  const uint8_t* at = block.turned;
  size_t element = block.first;
  for (size_t chunk = 0; chunk < block.chunks; ++chunk, element += kElementsOfChunk / 2) {
    for (size_t step = 0; step < kStepsOfChunk; ++step, at += kStepBytes, element += 4) {
      const __m512i both = _mm512_loadu_si512(at);
      const __m512i low = _mm512_and_si512(both, low_half);
      const __m512i high = _mm512_and_si512(both, high_half);
#pragma GCC unroll 8
      for (size_t q = 0; q < kCount; ++q) {
        add_products(low_sums[q], low, queries[q] + element);
        add_products(high_sums[q], high, queries[q] + element + kChunkBytes);
      }
    }
  }
#pragma GCC unroll 8
  for (size_t q = 0; q < kCount; ++q) {
    int32_t* const to = products + q * kGroupRows;
    const __m512i high = _mm512_maskz_srai_epi32(kAll16, high_sums[q], 4);
    const __m512i sums = _mm512_add_epi32(low_sums[q], high);
    _mm512_storeu_si512(to, _mm512_add_epi32(_mm512_loadu_si512(to), sums));
  }
}

void block_vnni(const Block& block, std::span<const int8_t* const> queries, int32_t* products) {
  size_t q = 0;
  for (; q + 2 * kTogether <= queries.size(); q += 2 * kTogether) {
    queries_vnni<2 * kTogether>(block, &queries[q], products + q * kGroupRows);
  }
  for (; q + kTogether <= queries.size(); q += kTogether) {
    queries_vnni<kTogether>(block, &queries[q], products + q * kGroupRows);
  }
  for (; q < queries.size(); ++q) queries_vnni<1>(block, &queries[q], products + q * kGroupRows);
}

// Fewer queries than three are not worth the turning.
template <auto kBlock, auto kGroup>
void queries_by_blocks(const GroupCodes& group, std::span<const int8_t* const> queries, int32_t* products) {
  if (queries.size() < 3) {
    for (size_t q = 0; q < queries.size(); ++q) kGroup(group, queries[q], products + q * kGroupRows);
    return;
  }
  alignas(64) uint8_t turned[kChunksAtATime * kStepsOfChunk * kStepBytes];
  const size_t row_bytes = group.chunks * kChunkBytes;
  std::fill_n(products, queries.size() * kGroupRows, 0);
  for (size_t first = 0; first < kGroupRows; first += kBlockRows) {
    for (size_t chunk = 0; chunk < group.chunks; chunk += kChunksAtATime) {
      const size_t chunks = std::min(kChunksAtATime, group.chunks - chunk);
      turn_block(group.rows + first * row_bytes + chunk * kChunkBytes, row_bytes, chunks, group.next, turned);
      kBlock({turned, chunks, chunk * kElementsOfChunk}, queries, products + first);
    }
  }
}

// ---- limits ----

QUIPU_AVX2 uint64_t reaching_avx2(const int32_t* products, int32_t shift, const float* along,
                                  const float* across, float a, float b) {
  const __m256 as = _mm256_set1_ps(a);
  const __m256 bs = _mm256_set1_ps(b);
  const __m256i shifts = _mm256_set1_epi32(shift);
  uint64_t bits = 0;
  for (size_t r = 0; r < kGroupRows; r += 8) {
    const __m256 limits = _mm256_sub_ps(_mm256_mul_ps(as, _mm256_loadu_ps(along + r)),
                                        _mm256_mul_ps(bs, _mm256_loadu_ps(across + r)));
    const __m256i once = load(products + r);
    const __m256i twice = _mm256_sub_epi32(_mm256_add_epi32(once, once), shifts);
    const __m256 reached = _mm256_cmp_ps(_mm256_cvtepi32_ps(twice), limits, _CMP_GE_OQ);
    bits |= uint64_t{static_cast<uint32_t>(_mm256_movemask_ps(reached))} << r;
  }
  return bits;
}

QUIPU_AVX512 uint64_t reaching_avx512(const int32_t* products, int32_t shift, const float* along,
                                      const float* across, float a, float b) {
  const __m512 as = _mm512_set1_ps(a);
  const __m512 bs = _mm512_set1_ps(b);
  const __m512i shifts = _mm512_set1_epi32(shift);
  uint64_t bits = 0;
  for (size_t r = 0; r < kGroupRows; r += 16) {
    const __m512 limits = _mm512_sub_ps(_mm512_mul_ps(as, _mm512_loadu_ps(along + r)),
                                        _mm512_mul_ps(bs, _mm512_loadu_ps(across + r)));
    const __m512i once = _mm512_loadu_si512(products + r);
    const __m512i twice = _mm512_sub_epi32(_mm512_add_epi32(once, once), shifts);
    bits |= uint64_t{_mm512_cmp_ps_mask(_mm512_maskz_cvtepi32_ps(kAll16, twice), limits, _CMP_GE_OQ)} << r;
  }
  return bits;
}

}  // namespace

std::vector<CodeKernels> x86_kernels() {
  std::vector<CodeKernels> found;
  const bool avx2 = __builtin_cpu_supports("avx2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl");
  if (avx512 && __builtin_cpu_supports("avx512vnni")) {
    found.push_back(
        {"avx512vnni", row_vnni, group_vnni, queries_by_blocks<block_vnni, group_vnni>, reaching_avx512});
  }
  if (avx512) {
    found.push_back(
        {"avx512bw", row_avx2, group_avx2, queries_by_blocks<block_avx512, group_avx2>, reaching_avx512});
  }
  if (avx2)
    found.push_back({"avx2", row_avx2, group_avx2, queries_by_blocks<block_avx2, group_avx2>, reaching_avx2});
  return found;
}

#else

std::vector<CodeKernels> x86_kernels() { return {}; }

#endif

}  // namespace quipu
