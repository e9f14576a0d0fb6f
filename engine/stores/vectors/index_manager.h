// IndexManager: loads a vector store's index, the columns that filters need, and its graph.

#ifndef QUIPU_ENGINE_STORES_VECTORS_INDEX_MANAGER_H_
#define QUIPU_ENGINE_STORES_VECTORS_INDEX_MANAGER_H_

#include <shared_mutex>

#include "engine/stores/vectors/hnsw_manager.h"
#include "engine/stores/vectors/vector_store_state.h"
#include "quipu/progress.h"
#include "quipu/vector_store.h"

namespace quipu {

class IndexManager {
 public:
  IndexManager(const VectorStoreState& store, const HnswManager& hnsw)
      : store_(store), cache_(*store.cache), hnsw_(hnsw) {}

  // A lock on the index, which is loaded and has the columns of the filters, if any. Without `needs_index`
  // there may be IndexCache::codes in its place.
  Result<std::shared_lock<std::shared_mutex>> lock(const MetadataFilters* filters, bool needs_index) const;

  // REQUIRES, both: the writer's lock.
  Status load(bool needs_index) const;
  Status make_columns(const MetadataFilters& filters) const;

  // As KVVectorStore's.
  Status use_hnsw(const HnswOptions& options, const ProgressCallback& progress) const;
  Status drop_hnsw() const;
  Status use_ann(double recall, const ProgressCallback& progress) const;
  Status drop_ann() const;
  Result<std::optional<double>> ann() const;

  // Reads what there is of partitions, if queries are to look into such. REQUIRES: the writer's lock.
  Status load_partitions() const;
  // Brings vectors into partitions, some at a time, if many are in none. REQUIRES: the writer's lock.
  Status arrange_some() const;

 private:
  // Read the vectors, or their codes, into the index, as far as it stays within the budget.
  Status read(bool needs_index) const;
  Status read_codes(const CodeReader& codes, bool needs_index) const;
  // Whether to go on reading.
  Status check() const;
  Status set_recall(std::optional<double> recall) const;
  // Takes at most so many steps, to the end if `all`.
  Status arrange(size_t steps, bool all) const;
  Status make_partitions() const;
  // The part of use_hnsw() that is undone when it fails.
  Status make_hnsw(const HnswOptions& options) const;
  std::shared_lock<std::shared_mutex> with_few_pending(std::shared_lock<std::shared_mutex> lock) const;
  std::shared_lock<std::shared_mutex> with_more_learned(std::shared_lock<std::shared_mutex> lock) const;

  const VectorStoreState& store_;
  IndexCache& cache_;
  const HnswManager& hnsw_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_VECTORS_INDEX_MANAGER_H_
