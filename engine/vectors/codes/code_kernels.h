// Inner products of 4-bit codes with an 8-bit query: the loops that exact search spends its time in.
//
// A row's codes lie in chunks of 32 bytes: byte i has element i of 64 in its lower half, element 32 + i in
// its upper one. So a row can be read by itself; for many queries the rows of a block are turned round first,
// so that a vector register adds up 16 rows at once and no sum is taken across it.

#ifndef QUIPU_ENGINE_VECTORS_CODES_CODE_KERNELS_H_
#define QUIPU_ENGINE_VECTORS_CODES_CODE_KERNELS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quipu {

inline constexpr size_t kGroupRows = 64;
inline constexpr size_t kElementsOfChunk = 64;
inline constexpr size_t kChunkBytes = 32;

// No code of a query is further from zero: the sum of 16 of its products with codes then fits into 16 bits.
inline constexpr int kMaxQueryCode = 127;
// What one more in a query's code is in the finer one that its remainder tells.
inline constexpr int kQueryStep = 2 * kMaxQueryCode;

// The rows of a group, which follow one another and begin at a multiple of 64 bytes. Another group is read
// next, which begins so many bytes behind this one.
struct GroupCodes {
  const uint8_t* rows;
  size_t chunks;  // of a row
  size_t next;
};

// Rows of one chunk may lie turned round, too: this is where a byte of one lies in its group. A register then
// has 4 bytes of each of 16 rows.
inline constexpr size_t turned_place(size_t row, size_t byte) {
  return row / 16 * 16 * kChunkBytes + byte / 4 * 64 + row % 16 * 4 + byte % 4;
}

// Queries that go over groups together, in the forms that kernels read.
class QueryBlock {
 public:
  // So many queries are side by side in a tile.
  static constexpr size_t kTileQueries = 16;

  // Each query is filled up with zeros to so many chunks, and outlives this.
  QueryBlock(std::vector<const int8_t*> queries, size_t chunks);

  std::span<const int8_t* const> queries() const { return queries_; }
  size_t tiles() const { return (queries_.size() + kTileQueries - 1) / kTileQueries; }
  // A chunk of each of a tile's queries: the first four elements of all of them, then the next four, and so
  // on. Zeros stand for queries that there are not.
  const int8_t* tile(size_t tile, size_t chunk) const {
    return tiles_.data() + (tile * chunks_ + chunk) * kTileQueries * kElementsOfChunk;
  }

 private:
  const size_t chunks_;
  const std::vector<const int8_t*> queries_;
  std::vector<int8_t> tiles_;
};

// One way to do it, by its instructions. Queries are filled up with zeros to a multiple of kElementsOfChunk.
struct CodeKernels {
  const char* name;
  // codes · query, of one row.
  int32_t (*row)(const uint8_t* codes, size_t chunks, const int8_t* query);
  // products[r] = codes of row r · query.
  void (*group)(const GroupCodes& group, const int8_t* query, int32_t* products);
  // products[q * kGroupRows + r] = codes of row r · query q.
  void (*queries)(const GroupCodes& group, const QueryBlock& queries, int32_t* products);
  // The same of a group that lies turned, of rows of one chunk.
  void (*turned)(const uint8_t* turned, const QueryBlock& queries, int32_t* products);
  // The bits of a group's rows for which 2 * product - shift is at least a * along - b * across.
  uint64_t (*reaching)(const int32_t* products, int32_t shift, const float* along, const float* across,
                       float a, float b);
};

// Those that this processor can, the fastest first; the last needs nothing.
std::span<const CodeKernels> code_kernels();

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CODES_CODE_KERNELS_H_
