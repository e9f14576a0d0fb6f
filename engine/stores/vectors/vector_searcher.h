// VectorSearcher: the queries of a vector store.

#ifndef QUIPU_ENGINE_STORES_VECTORS_VECTOR_SEARCHER_H_
#define QUIPU_ENGINE_STORES_VECTORS_VECTOR_SEARCHER_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/stores/vectors/index_manager.h"
#include "engine/stores/vectors/vector_store_state.h"
#include "quipu/vector_store.h"

namespace quipu {

class VectorSearcher {
 public:
  VectorSearcher(const VectorStoreState& store, const IndexManager& index)
      : store_(store), cache_(*store.cache), index_(index) {}

  // As KVVectorStore's.
  Result<VectorStoreQueryResult> query(const VectorStoreQuery& query) const;
  Result<std::vector<VectorStoreQueryResult>> query_all(std::span<const VectorStoreQuery> queries) const;
  Result<std::vector<std::pair<std::string, std::vector<double>>>> candidates(
      const VectorStoreQuery& query) const;
  // The ids of candidates().
  Result<std::vector<std::string>> candidate_ids(const VectorStoreQuery& query) const;

 private:
  Result<const MetadataFilters*> filters_of(const VectorStoreQuery& query) const;
  // REQUIRES: a lock on the index. `gone`: whether the store lacks vectors that the index has.
  Result<VectorStoreQueryResult> search(const VectorStoreQuery& query, const MetadataFilters* filters,
                                        bool& gone) const;
  // The same by codes alone, in memory or as they are read; nothing where they do not tell. REQUIRES: a query
  // of all vectors.
  Result<std::optional<VectorStoreQueryResult>> search_by_codes(const VectorStoreQuery& query,
                                                                bool& gone) const;
  // The same for the first query, while there is no index, of a large store: it reads codes and keeps none,
  // and is over before all would be in memory. Many processes ask only once.
  Result<std::optional<VectorStoreQueryResult>> first_by_codes(const VectorStoreQuery& query) const;
  // Elements as stored. `gone`: as above; it outlives what is returned.
  VectorIndex::Fetch fetch(bool& gone) const;
  // Those of `queries` that can be answered in one pass over the index, on so many threads; which have been.
  std::vector<bool> query_together(std::span<const VectorStoreQuery> queries,
                                   std::span<Result<VectorStoreQueryResult>> results, size_t threads) const;
  // The same by codes in memory, of those that they answer, to which it narrows `places`. REQUIRES: a lock.
  std::vector<Result<VectorStoreQueryResult>> codes_together(std::vector<size_t>& places,
                                                             std::span<const VectorStoreQuery* const> queries,
                                                             bool& gone, size_t threads) const;
  void query_some(std::span<const VectorStoreQuery> queries,
                  std::span<Result<VectorStoreQueryResult>> results, size_t threads) const;
  // What partitions tell; nothing where they cannot. Of a query in mode DEFAULT.
  Result<std::optional<VectorStoreQueryResult>> near_by_partitions(const VectorStoreQuery& query,
                                                                   const MetadataFilters* filters) const;
  // The nearest of few, the query's node ids: exactly. `passing`: null: all.
  Result<std::optional<VectorStoreQueryResult>> nearest_of_ids(const VectorStoreQuery& query,
                                                               const FilteredRows::Passing* passing) const;
  // A lock on the index, whose partitions are known, and which of them pass filters, if any.
  Result<std::shared_lock<std::shared_mutex>> lock_partitions(const MetadataFilters* filters) const;
  // The nearest by the graph; nothing where it cannot tell. REQUIRES: a lock on the index.
  Result<std::optional<VectorStoreQueryResult>> near(const VectorStoreQuery& query,
                                                     const MetadataFilters* filters) const;

  // Those of candidates() by their rows. REQUIRES: a lock on the index, which is not streamed.
  Result<std::vector<std::string_view>> candidates_of_index(const VectorStoreQuery& query,
                                                            const MetadataFilters* filters) const;

  const VectorStoreState& store_;
  IndexCache& cache_;
  const IndexManager& index_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_VECTORS_VECTOR_SEARCHER_H_
