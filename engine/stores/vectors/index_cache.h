// IndexCache: the search index of a vector store, which all objects of that store share.

#ifndef QUIPU_ENGINE_STORES_VECTORS_INDEX_CACHE_H_
#define QUIPU_ENGINE_STORES_VECTORS_INDEX_CACHE_H_

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/layout/storage_layout.h"
#include "engine/stores/known_version.h"
#include "engine/stores/partitions/stored_partitions.h"
#include "engine/vectors/hnsw/hnsw_index.h"
#include "engine/vectors/kept_vectors.h"
#include "engine/vectors/stored/code_index.h"
#include "engine/vectors/vector_index.h"
#include "quipu/backend/collection_cache.h"
#include "quipu/vector_store.h"

namespace quipu {

class IndexCache : public CollectionCache {
 public:
  IndexCache(VectorCollections collections, uint64_t budget)
      : version({collections.embeddings, collections.metadata, collections.hnsw}),
        collections_(std::move(collections)),
        budget_(budget) {}

  bool covers(std::string_view collection) const override {
    return collection == collections_.embeddings || collection == collections_.metadata;
  }
  void lock() override {
    writing.lock();
    mutex.lock();
  }
  void unlock() override {
    mutex.unlock();
    writing.unlock();
  }
  void changing(const BaseKVStore& store, const std::vector<std::string>& keys) override;
  void changed(BaseKVStore& store, const std::vector<std::string>& keys) override;
  void forget() override;
  std::optional<std::pair<std::string, uint64_t>> search_index() override;

  // ---- the index, and the graph with it. REQUIRES: locked ----
  // Whether there is an index, or none is to be had, and nobody else has written since.
  Result<bool> is_current(const BaseKVStore& store) const;
  // `batch` has been written: it has put these entries with this metadata, ...
  void added(const BaseKVStore& store, const WriteBatch& batch, std::span<const VectorStoreEntry> entries,
             std::span<const Json> metadata);
  // ... has removed these, whose places `codes` or `partitions`, if any, had, ...
  void removed(const BaseKVStore& store, const WriteBatch& batch, std::span<const std::string> ids,
               std::span<const std::optional<uint64_t>> orders);
  // ... or everything.
  void cleared(const BaseKVStore& store, const WriteBatch& batch);
  void forget_index();
  void forget_partitions();
  // Whether to learn(): queries become faster.
  bool wants_to_learn() const;
  void learn() { codes ? codes->learn() : index.learn(); }
  // What rows of partitions may take, beside the index that is there; and the other way about.
  uint64_t room_for_partitions() const;
  uint64_t room_for_index() const;
  // Gives the index up, for good until the store is empty or opened again, when it has grown too large.
  void keep_within_budget();

  std::mutex writing;       // one writer at a time, so that the index sees writes in their order; taken first
  std::shared_mutex mutex;  // guards what follows, and held for a write, so that a query sees store and index
                            // alike
  bool loaded = false;      // a store that is never asked loads nothing
  std::atomic<bool> asked = false;  // whether there has been a query, before it is loaded
  bool streamed = false;            // the index would be too large: queries read the vectors themselves
  KnownVersion version;             // of the collections that the index is of
  VectorIndex index;
  KeptVectors kept;                // elements of the index's vectors
  std::optional<CodeIndex> codes;  // in its place: where it would be large, until a query needs it
  std::optional<HnswIndex> hnsw;   // where queries are approximate
  bool knows_partitions = false;
  Status partitions_problem;                   // why there are none, though queries are to look into such
  std::optional<StoredPartitions> partitions;  // where queries look into these; beside all the above
  std::optional<FilteredRows> filtered;        // of these, once one had filters
  Work* work = nullptr;                        // that makes it, if any; guarded by `writing`

 private:
  uint64_t bytes() const { return index.memory_bytes() + kept.memory_bytes() + code_bytes() + graph_bytes(); }
  uint64_t code_bytes() const { return codes ? codes->memory_bytes() : 0; }
  uint64_t graph_bytes() const { return hnsw ? hnsw->memory_bytes() : 0; }
  void add_to_partitions(const BaseKVStore& store, std::span<const VectorStoreEntry> entries,
                         std::span<const Json> metadata);
  // Tells partitions of what others have done with these keys. False: it cannot be told.
  bool move_partitions(const BaseKVStore& store, const std::vector<std::string>& keys);
  void erase(std::string_view id);
  void erase_from_partitions(uint64_t order);
  // Without `order`, at the place that it has, or the last one.
  void put(std::string_view id, std::optional<uint64_t> order, std::span<const double> elements);
  Status add(const BaseKVStore& store, std::span<const VectorStoreEntry> entries,
             std::span<const Json> metadata);
  Status reload(BaseKVStore& store, const std::vector<std::string>& keys);
  Status reload_codes(BaseKVStore& store, std::span<const std::string_view> ids,
                      std::span<const std::optional<uint64_t>> orders);

  const VectorCollections collections_;
  const uint64_t budget_;                          // bytes
  std::vector<std::optional<uint64_t>> changing_;  // the places of what is about to be changed
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_VECTORS_INDEX_CACHE_H_
