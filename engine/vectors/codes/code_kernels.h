// Inner products of 4-bit codes with an 8-bit query: the loops that exact search spends its time in.
//
// Codes lie in blocks of 16 rows. 64 bytes of a block, a step, hold 8 elements of each row: byte 4 r + j has
// element j of row r in its lower half and element 4 + j in its upper one, so that a vector register adds up
// 16 rows at once, and no sum is taken across it. A single row's codes lie in chunks of 32 bytes: byte i has
// element i in its lower half, element 32 + i in its upper one.

#ifndef QUIPU_ENGINE_VECTORS_CODES_CODE_KERNELS_H_
#define QUIPU_ENGINE_VECTORS_CODES_CODE_KERNELS_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace quipu {

inline constexpr size_t kBlockRows = 16;  // rows of one vector register
inline constexpr size_t kGroupRows = 64;
inline constexpr size_t kBlocks = kGroupRows / kBlockRows;
inline constexpr size_t kElementsOfStep = 8;    // of a row, in 64 bytes of a block
inline constexpr size_t kElementsOfChunk = 64;  // in 32 bytes of a single row
inline constexpr size_t kStepBytes = 64;
inline constexpr size_t kChunkBytes = 32;

// No code of a query is further from zero: the sum of 16 of its products with codes then fits into 16 bits.
inline constexpr int kMaxQueryCode = 127;

// One way to do it, by its instructions. Queries are filled up with zeros to a multiple of kElementsOfChunk.
struct CodeKernels {
  const char* name;
  // products[q * kGroupRows + r] = codes of row r · queries[q], for the rows of a block of so many steps.
  // `codes` is aligned to 64 bytes.
  void (*block)(const uint8_t* codes, size_t steps, const int8_t* const* queries, size_t count,
                int32_t* products);
  // The same for all four blocks of a group, which follow one another; another group follows after `next`
  // bytes.
  void (*group)(const uint8_t* codes, size_t steps, size_t next, const int8_t* const* queries, size_t count,
                int32_t* products);
  // codes · query, of one row.
  int32_t (*row)(const uint8_t* codes, size_t chunks, const int8_t* query);
  // The bits of a group's rows for which 2 * product - shift is at least a * along - b * across.
  uint64_t (*reaching)(const int32_t* products, int32_t shift, const float* along, const float* across,
                       float a, float b);
};

// Those that this processor can, the fastest first; the last needs nothing.
std::span<const CodeKernels> code_kernels();

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CODES_CODE_KERNELS_H_
