// Exact search of vectors that are read one after the other, for a store whose index would be too large to be
// held. Memory: the results, and a vector or two.

#ifndef QUIPU_ENGINE_VECTORS_VECTOR_STREAM_H_
#define QUIPU_ENGINE_VECTORS_VECTOR_STREAM_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "quipu/status.h"
#include "quipu/vector_store.h"

namespace quipu {

struct StreamedVector {
  std::string_view id;
  uint64_t order;  // grows as they were inserted
  std::span<const double> elements;
};

// Calls its argument with every vector that a query may find, in any order, the same ones at each call; what
// the argument returns ends the call unless it is OK.
using VectorStream = std::function<Status(const std::function<Status(const StreamedVector&)>& use)>;

// As search_vectors. A similarity that is NaN is below all others. MMR reads the stream once for each result.
// Errors: those of VectorStore::query, and the stream's.
Result<VectorStoreQueryResult> search_stream(const VectorStoreQuery& query, const VectorStream& stream);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_VECTOR_STREAM_H_
