// Codes of many vectors at once, on several threads where there are many.

#ifndef QUIPU_BACKENDS_ROCKSDB_FORMAT_CODE_BATCH_H_
#define QUIPU_BACKENDS_ROCKSDB_FORMAT_CODE_BATCH_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "backends/rocksdb/format/code_block.h"
#include "quipu/backend/vector_codes.h"

namespace quipu::rocks {

// A vector that is to have a code. A view.
struct CodedVector {
  uint32_t dimensions = 0;
  uint64_t sequence = 0;
  std::string_view key;
  std::string_view body;  // of its record, not as JSON text
};

// Calls `use` with each vector's place among these and its code, from any thread and in any order; what the
// code views lives until it returns. REQUIRES: all have the same dimensions; `use` does not throw.
void encode_all(std::span<const CodedVector> vectors,
                const std::function<void(size_t i, const VectorCode& code)>& use);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FORMAT_CODE_BATCH_H_
