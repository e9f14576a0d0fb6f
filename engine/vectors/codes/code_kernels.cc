#include "engine/vectors/codes/code_kernels.h"

#include <vector>

#include "engine/vectors/codes/x86_kernels.h"

namespace quipu {
namespace {

void block(const uint8_t* codes, size_t steps, const int8_t* const* queries, size_t count,
           int32_t* products) {
  for (size_t q = 0; q < count; ++q) {
    int32_t sums[kBlockRows] = {};
    for (size_t step = 0; step < steps; ++step) {
      const uint8_t* const at = codes + step * kStepBytes;
      const int8_t* const query = queries[q] + step * kElementsOfStep;
      for (size_t r = 0; r < kBlockRows; ++r) {
        for (size_t j = 0; j < 4; ++j) {
          const uint8_t code = at[4 * r + j];
          sums[r] += (code & 15) * query[j] + (code >> 4) * query[4 + j];
        }
      }
    }
    for (size_t r = 0; r < kBlockRows; ++r) products[q * kGroupRows + r] = sums[r];
  }
}

void group(const uint8_t* codes, size_t steps, size_t /*next*/, const int8_t* const* queries, size_t count,
           int32_t* products) {
  for (size_t i = 0; i < kBlocks; ++i) {
    block(codes + i * steps * kStepBytes, steps, queries, count, products + i * kBlockRows);
  }
}

int32_t row(const uint8_t* codes, size_t chunks, const int8_t* query) {
  int32_t sum = 0;
  for (size_t chunk = 0; chunk < chunks; ++chunk, codes += kChunkBytes, query += kElementsOfChunk) {
    for (size_t i = 0; i < kChunkBytes; ++i) {
      sum += (codes[i] & 15) * query[i] + (codes[i] >> 4) * query[kChunkBytes + i];
    }
  }
  return sum;
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
  found.push_back({"plain", block, group, row, reaching});
  return found;
}

}  // namespace

std::span<const CodeKernels> code_kernels() {
  static const std::vector<CodeKernels> kKernels = find_kernels();
  return kKernels;
}

}  // namespace quipu
