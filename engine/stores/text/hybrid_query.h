// Queries of a vector store that search the text of a document store, or sparse vectors, alone or beside
// vectors.

#ifndef QUIPU_ENGINE_STORES_TEXT_HYBRID_QUERY_H_
#define QUIPU_ENGINE_STORES_TEXT_HYBRID_QUERY_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/kv_store.h"
#include "quipu/vector_store.h"

namespace quipu {

bool searches_text(VectorStoreQueryMode mode);

// The vector store that is asked.
struct VectorSide {
  // What it finds in mode DEFAULT.
  std::function<Result<VectorStoreQueryResult>(const VectorStoreQuery&)> nearest;
  // The ids of its vectors that the query's node_ids and filters let pass.
  std::function<Result<std::vector<std::string>>(const VectorStoreQuery&)> passing;
  std::function<Result<bool>(std::string_view id)> holds;
  std::function<Result<std::vector<std::string>>(std::string_view ref_doc_id)> nodes_of;
};

// KVVectorStore::query() for a mode that searches text: that of the nodes in the collection `texts`, or, for
// a query that has one, sparse vectors in the collection `sparse`.
Result<VectorStoreQueryResult> query_with_text(BaseKVStore& store, const std::string& texts,
                                               const std::string& sparse, const VectorStoreQuery& query,
                                               const VectorSide& vectors);

// (1 - alpha) * text + alpha * vector, each of which its result scales to 0 for the worst and 1 for the best;
// 1 where all are alike. Equal ones stand as in `vectors`, then as in `texts`.
VectorStoreQueryResult fuse_by_scores(const VectorStoreQueryResult& vectors,
                                      const VectorStoreQueryResult& texts, double alpha, size_t top_k);
// The sum of 1 / (60 + rank).
VectorStoreQueryResult fuse_by_ranks(const VectorStoreQueryResult& vectors,
                                     const VectorStoreQueryResult& texts, size_t top_k);

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_TEXT_HYBRID_QUERY_H_
