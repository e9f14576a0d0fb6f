// Exact search by codes that are read from a store block by block, where an index of them would be too large
// to be held, or is not worth it yet. Memory: that of some thousand codes, for each thread.

#ifndef QUIPU_ENGINE_VECTORS_STORED_CODE_STREAM_H_
#define QUIPU_ENGINE_VECTORS_STORED_CODE_STREAM_H_

#include <optional>

#include "engine/vectors/best_vectors.h"
#include "quipu/backend/vector_codes.h"
#include "quipu/status.h"
#include "quipu/vector_store.h"

namespace quipu {

// The most similar of all vectors, by so many threads. Nothing where codes do not tell.
Result<std::optional<VectorStoreQueryResult>> search_codes(const TopKQuery& wanted, const CodeReader& reader,
                                                           size_t threads);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_STORED_CODE_STREAM_H_
