// Exact search by codes that are read one after the other, for a store whose index would be too large to be
// held. Memory: some thousand codes.

#ifndef QUIPU_ENGINE_VECTORS_CODE_STREAM_H_
#define QUIPU_ENGINE_VECTORS_CODE_STREAM_H_

#include <functional>
#include <optional>

#include "engine/vectors/vector_index.h"
#include "quipu/backend/features.h"
#include "quipu/status.h"
#include "quipu/vector_store.h"

namespace quipu {

// As VectorValues::scan_codes: false where there are none.
using CodeStream = std::function<Result<bool>(const std::function<Status(const CodedVector&)>& use)>;

// What search_stream() finds over all vectors. Nothing where codes cannot tell: there are none, or the query
// does not fit them. REQUIRES: no filters, no node_ids.
Result<std::optional<VectorStoreQueryResult>> search_codes(const VectorStoreQuery& query,
                                                           const CodeStream& stream,
                                                           const VectorIndex::Fetch& fetch);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CODE_STREAM_H_
