// VectorWriter: what changes a vector store. Each change is one atomic batch, and the index sees the changes
// in the order of their writes.

#ifndef QUIPU_ENGINE_STORES_VECTORS_VECTOR_WRITER_H_
#define QUIPU_ENGINE_STORES_VECTORS_VECTOR_WRITER_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/layout/persist_file_name.h"
#include "engine/stores/text/sparse_vectors.h"
#include "engine/stores/vectors/index_manager.h"
#include "engine/stores/vectors/vector_store_state.h"
#include "quipu/vector_store.h"
#include "quipu/write_batch.h"

namespace quipu {

class VectorWriter {
 public:
  VectorWriter(const VectorStoreState& store, const IndexManager& index, const HnswManager& hnsw)
      : store_(store),
        cache_(*store.cache),
        index_(index),
        hnsw_(hnsw),
        sparse_(*store.kvstore, store.collections.sparse, sparse_vector_file(store.ns)) {}

  // As KVVectorStore's.
  Status add_entries(std::span<const VectorStoreEntry> entries) const;
  Status delete_(std::string_view ref_doc_id) const;
  Status delete_nodes(std::optional<std::span<const std::string>> node_ids,
                      const MetadataFilters* filters) const;
  Status clear() const;
  Status load(JsonView save_dict) const;

 private:
  Status declare_collections() const;
  // Of vectors that were written before there were codes, if any, in the background.
  Status make_codes() const;
  Result<bool> metadata_is_null() const;
  // Remove vectors from the store and the index. REQUIRES: the writer's lock.
  Status remove(std::span<const std::string> ids) const;
  Status remove_with_metadata(std::span<const std::string> ids) const;

  const VectorStoreState& store_;
  IndexCache& cache_;
  const IndexManager& index_;
  const HnswManager& hnsw_;
  const SparseVectors sparse_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_VECTORS_VECTOR_WRITER_H_
