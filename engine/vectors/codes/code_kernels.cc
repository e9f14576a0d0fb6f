#include "engine/vectors/codes/code_kernels.h"

#include <vector>

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

void queries(const GroupCodes& codes, std::span<const int8_t* const> queries, int32_t* products) {
  for (size_t q = 0; q < queries.size(); ++q) group(codes, queries[q], products + q * kGroupRows);
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
  found.push_back({"plain", row, group, queries, reaching});
  return found;
}

}  // namespace

std::span<const CodeKernels> code_kernels() {
  static const std::vector<CodeKernels> kKernels = find_kernels();
  return kKernels;
}

}  // namespace quipu
