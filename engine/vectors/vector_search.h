// Exact search of a VectorIndex, as the reference's query does it.

#ifndef QUIPU_ENGINE_VECTORS_VECTOR_SEARCH_H_
#define QUIPU_ENGINE_VECTORS_VECTOR_SEARCH_H_

#include <span>
#include <string>
#include <vector>

#include "engine/vectors/vector_index.h"
#include "quipu/vector_store.h"

namespace quipu {

// Errors: kNotSupported for a mode that fits a learner; kInvalidArgument for one that needs more than
// vectors, and for a vector with an element that is NaN or infinite, to which nothing is similar.
Status check_query(const VectorStoreQuery& query);

// The keys that filters name and `columns` lacks.
std::vector<std::string> keys_without_column(const MetadataFilters& filters, const MetadataColumns& columns);

// Of the rows of `ids` (null: of all) those that pass, in no order. Where the filters fail for a row, those
// before the first such row, and its error. REQUIRES: the index has the columns.
Status filter_rows(const VectorIndex& index, const std::vector<std::string>* ids,
                   const MetadataFilters* filters, std::vector<uint32_t>& passing);

// `filters`: those of the query that count. REQUIRES: the index has the columns. Errors: those of
// VectorStore::query.
Result<VectorStoreQueryResult> search_vectors(const VectorIndex& index, const VectorStoreQuery& query,
                                              const MetadataFilters* filters,
                                              const VectorIndex::Fetch& fetch);

// The same for queries that ask all vectors, without filters and node ids, in the mode DEFAULT: in one pass,
// on so many threads.
std::vector<Result<VectorStoreQueryResult>> search_together(const VectorIndex& index,
                                                            std::span<const VectorStoreQuery* const> queries,
                                                            const VectorIndex::Fetch& fetch, size_t threads);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_VECTOR_SEARCH_H_
