#include "engine/vectors/codes/code_kernels.h"

#include <algorithm>
#include <utility>

#include "engine/vectors/codes/x86_kernels.h"

namespace quipu {
namespace {

int32_t row(const uint8_t* codes, size_t chunks, const int8_t* query) {
  int32_t sum = 0;
  for (size_t chunk = 0; chunk < chunks; ++chunk, codes += kChunkBytes, query += kElementsOfChunk) {
    for (size_t i = 0; i < kChunkBytes; ++i) {
      sum += (codes[i] & 15) * query[i] + (codes[i] >> 4) * query[kChunkBytes + i];
    }
  }
  return sum;
}

void group(const GroupCodes& group, const int8_t* query, int32_t* products) {
  for (size_t r = 0; r < kGroupRows; ++r) {
    products[r] = row(group.rows + r * group.chunks * kChunkBytes, group.chunks, query);
  }
}

void queries(const GroupCodes& codes, const QueryBlock& block, int32_t* products) {
  for (const int8_t* const query : block.queries()) {
    group(codes, query, products);
    products += kGroupRows;
  }
}

void turned(const uint8_t* turned, const QueryBlock& block, int32_t* products) {
  for (const int8_t* const query : block.queries()) {
    for (size_t r = 0; r < kGroupRows; ++r) {
      uint8_t codes[kChunkBytes];
      for (size_t i = 0; i < kChunkBytes; ++i) codes[i] = turned[turned_place(r, i)];
      *products++ = row(codes, 1, query);
    }
  }
}

uint64_t reaching(const int32_t* products, int32_t shift, const float* along, const float* across, float a,
                  float b) {
  uint64_t bits = 0;
  for (size_t r = 0; r < kGroupRows; ++r) {
    const bool reaches = static_cast<float>(2 * products[r] - shift) >= a * along[r] - b * across[r];
    bits |= uint64_t{reaches} << r;
  }
  return bits;
}

std::vector<CodeKernels> find_kernels() {
  std::vector<CodeKernels> found = x86_kernels();
  found.push_back({"plain", row, group, queries, turned, reaching});
  return found;
}

}  // namespace

QueryBlock::QueryBlock(std::vector<const int8_t*> queries, size_t chunks)
    : chunks_(chunks),
      queries_(std::move(queries)),
      tiles_(tiles() * chunks * kTileQueries * kElementsOfChunk) {
  constexpr size_t kFour = 4;
  for (size_t q = 0; q < queries_.size(); ++q) {
    for (size_t at = 0; at < chunks * kElementsOfChunk; at += kFour) {
      const size_t four = q / kTileQueries * chunks * kElementsOfChunk / kFour + at / kFour;
      std::copy_n(queries_[q] + at, kFour, &tiles_[(four * kTileQueries + q % kTileQueries) * kFour]);
    }
  }
}

std::span<const CodeKernels> code_kernels() {
  static const std::vector<CodeKernels> kKernels = find_kernels();
  return kKernels;
}

}  // namespace quipu
