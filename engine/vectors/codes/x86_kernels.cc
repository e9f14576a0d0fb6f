#include "engine/vectors/codes/x86_kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <cstring>
#endif

namespace quipu {

#if defined(__x86_64__)

namespace {

#define QUIPU_AVX2 __attribute__((target("avx2")))
#define QUIPU_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx2")))
#define QUIPU_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx2")))
#define QUIPU_AMX __attribute__((target("amx-tile,amx-int8,avx512f,avx512bw,avx512vl,avx2")))

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

// Fewer queries than these are not worth the turning.
constexpr size_t kFewestTogether = 3;

template <auto kBlock, auto kGroup>
void queries_by_blocks(const GroupCodes& group, const QueryBlock& all, int32_t* products) {
  const std::span<const int8_t* const> queries = all.queries();
  if (queries.size() < kFewestTogether) {
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

template <auto kBlock>
void turned_by_blocks(const uint8_t* turned, const QueryBlock& all, int32_t* products) {
  std::fill_n(products, all.queries().size() * kGroupRows, 0);
  for (size_t first = 0; first < kGroupRows; first += kBlockRows) {
    kBlock({turned + first * kChunkBytes, 1, 0}, all.queries(), products + first);
  }
}

// ---- many queries, by matrix instructions ----

// A tile register has 16 rows of 64 bytes: a chunk of each of 16 rows of codes, a byte an element; a tile of
// a QueryBlock; or the products of both, a row of codes a row. Two of either are multiplied at a time.
constexpr size_t kTileRows = 16;
constexpr size_t kTileBytes = kTileRows * kElementsOfChunk;
constexpr size_t kRowsAtATime = 2 * kTileRows;
constexpr size_t kTileQueries = QueryBlock::kTileQueries;

struct alignas(64) TileShapes {
  uint8_t palette = 1;
  uint8_t first_row = 0;
  uint8_t unused[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr TileShapes kTileShapes;

// Compilers do not know what memory tiles are read from.
inline void finish_writes() { asm volatile("" ::: "memory"); }

// kRowsAtATime rows, for each chunk one behind the other.
QUIPU_AVX512 void to_bytes(const uint8_t* codes, size_t row_bytes, size_t chunks, size_t next,
                           uint8_t* bytes) {
  const __m512i low_half = _mm512_set1_epi8(15);
  const __m512i shifts = _mm512_set_epi64(4, 4, 4, 4, 0, 0, 0, 0);
  for (size_t row = 0; row < kRowsAtATime; ++row) {
    const uint8_t* const from = codes + row * row_bytes;
    for (size_t chunk = 0; chunk < chunks; ++chunk) {
      const uint8_t* const at = from + chunk * kChunkBytes;
      if (chunk % 2 == 0) _mm_prefetch(at + next, _MM_HINT_T1);
      const __m512i both = _mm512_maskz_broadcast_i64x4(uint8_t{0xff}, load(at));
      const __m512i halves = _mm512_and_si512(_mm512_maskz_srlv_epi64(uint8_t{0xff}, both, shifts), low_half);
      _mm512_store_si512(bytes + (chunk * kRowsAtATime + row) * kElementsOfChunk, halves);
    }
  }
}

// The products of so many chunks with one tile of queries, or two that stand `apart`, are added to tiles 0
// and 2 for the first, 1 and 3 for the second.
template <size_t kTiles>
QUIPU_AMX void multiply_tiles(const uint8_t* bytes, size_t chunks, const int8_t* queries, size_t apart) {
  for (; chunks != 0; --chunks, bytes += 2 * kTileBytes, queries += kTileBytes) {
    _tile_loadd(4, bytes, kElementsOfChunk);
    _tile_loadd(5, bytes + kTileBytes, kElementsOfChunk);
    _tile_loadd(6, queries, kElementsOfChunk);
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(2, 5, 6);
    if constexpr (kTiles == 2) {
      _tile_loadd(7, queries + apart, kElementsOfChunk);
      _tile_dpbusd(1, 4, 7);
      _tile_dpbusd(3, 5, 7);
    }
  }
}

using Sixteen = int32_t __attribute__((vector_size(64)));

// Pairs of numbers, or of pairs of them, of both by turns, within each 16 bytes; or every second 16 bytes.
#define QUIPU_LOW_NUMBERS 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define QUIPU_HIGH_NUMBERS 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#define QUIPU_LOW_PAIRS 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define QUIPU_HIGH_PAIRS 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define QUIPU_EVEN_FOURS 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27
#define QUIPU_ODD_FOURS 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31

// A tile's rows and columns change places, of which the first `queries` are stored.
QUIPU_AVX512 void turn_products(const int32_t* tile, size_t queries, int32_t* products) {
  Sixteen a[kTileRows];
  Sixteen b[kTileRows];
  std::memcpy(a, tile, sizeof(a));
#pragma GCC unroll 8
  for (size_t i = 0; i < 16; i += 2) {
    b[i] = __builtin_shufflevector(a[i], a[i + 1], QUIPU_LOW_NUMBERS);
    b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], QUIPU_HIGH_NUMBERS);
  }
#pragma GCC unroll 4
  for (size_t i = 0; i < 16; i += 4) {
    a[i] = __builtin_shufflevector(b[i], b[i + 2], QUIPU_LOW_PAIRS);
    a[i + 1] = __builtin_shufflevector(b[i], b[i + 2], QUIPU_HIGH_PAIRS);
    a[i + 2] = __builtin_shufflevector(b[i + 1], b[i + 3], QUIPU_LOW_PAIRS);
    a[i + 3] = __builtin_shufflevector(b[i + 1], b[i + 3], QUIPU_HIGH_PAIRS);
  }
#pragma GCC unroll 4
  for (size_t i = 0; i < 4; ++i) {
    const Sixteen even_first = __builtin_shufflevector(a[i], a[i + 4], QUIPU_EVEN_FOURS);
    const Sixteen even_last = __builtin_shufflevector(a[i + 8], a[i + 12], QUIPU_EVEN_FOURS);
    const Sixteen odd_first = __builtin_shufflevector(a[i], a[i + 4], QUIPU_ODD_FOURS);
    const Sixteen odd_last = __builtin_shufflevector(a[i + 8], a[i + 12], QUIPU_ODD_FOURS);
    b[i] = __builtin_shufflevector(even_first, even_last, QUIPU_EVEN_FOURS);
    b[i + 4] = __builtin_shufflevector(odd_first, odd_last, QUIPU_EVEN_FOURS);
    b[i + 8] = __builtin_shufflevector(even_first, even_last, QUIPU_ODD_FOURS);
    b[i + 12] = __builtin_shufflevector(odd_first, odd_last, QUIPU_ODD_FOURS);
  }
#pragma GCC unroll 16
  for (size_t q = 0; q < kTileQueries; ++q) {
    if (q < queries) std::memcpy(products + q * kGroupRows, &b[q], sizeof(b[q]));
  }
}

// The products of kRowsAtATime rows, which `rows` has, with one tile of queries or two. `bytes` has the rows
// from the first tile on, where their chunks are few.
template <size_t kTiles>
QUIPU_AMX void rows_amx(const GroupCodes& rows, const QueryBlock& queries, size_t tile, uint8_t* bytes,
                        int32_t* products) {
  alignas(64) int32_t sums[4 * kTileRows * kTileQueries];
  const size_t row_bytes = rows.chunks * kChunkBytes;
  const bool at_once = rows.chunks <= kChunksAtATime;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (size_t chunk = 0; chunk < rows.chunks; chunk += kChunksAtATime) {
    const size_t chunks = std::min(kChunksAtATime, rows.chunks - chunk);
    if (!at_once || tile == 0) {
      to_bytes(rows.rows + chunk * kChunkBytes, row_bytes, chunks, rows.next, bytes);
      finish_writes();
    }
    multiply_tiles<kTiles>(bytes, chunks, queries.tile(tile, chunk), rows.chunks * kTileBytes);
  }
  constexpr size_t kTile = kTileRows * kTileQueries;
  _tile_stored(0, sums, kElementsOfChunk);
  _tile_stored(1, sums + kTile, kElementsOfChunk);
  _tile_stored(2, sums + 2 * kTile, kElementsOfChunk);
  _tile_stored(3, sums + 3 * kTile, kElementsOfChunk);
  for (size_t i = 0; i < kTiles; ++i) {
    const size_t query = (tile + i) * kTileQueries;
    const size_t count = std::min(kTileQueries, queries.queries().size() - query);
    turn_products(sums + i * kTile, count, products + query * kGroupRows);
    turn_products(sums + (2 + i) * kTile, count, products + query * kGroupRows + kTileRows);
  }
}

QUIPU_AMX void queries_amx(const GroupCodes& group, const QueryBlock& queries, int32_t* products) {
  alignas(64) uint8_t bytes[kChunksAtATime * kRowsAtATime * kElementsOfChunk];
  if (queries.queries().size() < kFewestTogether) {
    return queries_by_blocks<block_vnni, group_vnni>(group, queries, products);
  }
  _tile_loadconfig(&kTileShapes);
  GroupCodes rows = group;
  for (size_t first = 0; first < kGroupRows; first += kRowsAtATime) {
    rows.rows = group.rows + first * group.chunks * kChunkBytes;
    size_t tile = 0;
    for (; tile + 2 <= queries.tiles(); tile += 2) rows_amx<2>(rows, queries, tile, bytes, products + first);
    if (tile < queries.tiles()) rows_amx<1>(rows, queries, tile, bytes, products + first);
  }
  _tile_release();
}

// Whether the processor has them, and the system lets this process use their registers, which take 8 KiB of a
// thread's saved state from then on.
bool has_tiles() {
#if defined(__linux__)
  constexpr unsigned kTileAndInt8 = 3U << 24;
  constexpr long kRequestPermission = 0x1023;
  constexpr long kTileData = 18;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kTileAndInt8) == kTileAndInt8 &&
         ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
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
    if (has_tiles())
      found.push_back(
          {"amx", row_vnni, group_vnni, queries_amx, turned_by_blocks<block_vnni>, reaching_avx512});
    found.push_back({"avx512vnni", row_vnni, group_vnni, queries_by_blocks<block_vnni, group_vnni>,
                     turned_by_blocks<block_vnni>, reaching_avx512});
  }
  if (avx512) {
    found.push_back({"avx512bw", row_avx2, group_avx2, queries_by_blocks<block_avx512, group_avx2>,
                     turned_by_blocks<block_avx512>, reaching_avx512});
  }
  if (avx2)
    found.push_back({"avx2", row_avx2, group_avx2, queries_by_blocks<block_avx2, group_avx2>,
                     turned_by_blocks<block_avx2>, reaching_avx2});
  return found;
}

#else

std::vector<CodeKernels> x86_kernels() { return {}; }

#endif

}  // namespace quipu
