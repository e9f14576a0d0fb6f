// HnswManager: the graph for approximate search of a vector store. Its options are in the database; the graph
// itself is in a file that is checked against the vectors when it is loaded, so it may be old, damaged or
// missing.

#ifndef QUIPU_ENGINE_STORES_VECTORS_HNSW_MANAGER_H_
#define QUIPU_ENGINE_STORES_VECTORS_HNSW_MANAGER_H_

#include <optional>
#include <string>

#include "engine/stores/vectors/vector_store_state.h"
#include "quipu/vector_store.h"

namespace quipu {

class HnswManager {
 public:
  explicit HnswManager(const VectorStoreState& store) : store_(store), cache_(*store.cache) {}

  // ---- the options. `json`: as kept, for those who put them back ----
  Result<std::optional<HnswOptions>> options() const;
  Result<std::optional<Json>> json() const;
  Status set_options(const HnswOptions& options) const;
  Status restore(const std::optional<Json>& json) const;

  // ---- the graph. REQUIRES: the writer's lock ----
  // Errors: kInvalidArgument where graph and index would be larger than search_memory_bytes.
  Status check_fits(const HnswOptions& options) const;
  // Begins with the file's graph, if there is one, where the store is to have one. REQUIRES: the index's
  // lock.
  Status load() const;
  // Brings pending inserts into the graph; the lock on the index is taken in between.
  Status insert_pending() const;
  Status save() const;
  // Gives up the graph, its options and its file.
  Status drop() const;

 private:
  Result<std::string> path() const;

  const VectorStoreState& store_;
  IndexCache& cache_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_VECTORS_HNSW_MANAGER_H_
