// Reads all blocks of codes that a store keeps of vectors of a dimension, on several threads.

#ifndef QUIPU_ENGINE_VECTORS_STORED_BLOCK_SCAN_H_
#define QUIPU_ENGINE_VECTORS_STORED_BLOCK_SCAN_H_

#include <cstddef>
#include <functional>

#include "quipu/backend/vector_codes.h"
#include "quipu/status.h"

namespace quipu {

// `use`: with the number of the thread, below `threads`. Ends at the first error: its own, and those of
// CodeReader::scan_blocks.
Status scan_on_threads(const CodeReader& reader, size_t dimensions, size_t threads,
                       const std::function<Status(size_t thread, const CodeBlock&)>& use);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_STORED_BLOCK_SCAN_H_
