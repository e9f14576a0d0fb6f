// GraphVectors: the search index over the embeddings of a property graph's entities, which all objects of
// that graph share. An entity's embedding is on its node, or in the default vector store under its id.
// Filters are over the nodes' properties.

#ifndef QUIPU_ENGINE_STORES_GRAPHS_GRAPH_VECTORS_H_
#define QUIPU_ENGINE_STORES_GRAPHS_GRAPH_VECTORS_H_

#include <atomic>
#include <functional>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/stores/known_version.h"
#include "engine/vectors/vector_index.h"
#include "engine/vectors/vector_stream.h"
#include "quipu/backend/collection_cache.h"
#include "quipu/kv_store.h"

namespace quipu {

class GraphVectors : public CollectionCache {
 public:
  // `ns`: the graph's namespace.
  explicit GraphVectors(const std::string& ns);

  bool covers(std::string_view collection) const override {
    return collection == nodes_ || collection == vectors_ || collection == state_;
  }
  void lock() override { mutex_.lock(); }
  void unlock() override { mutex_.unlock(); }
  void changed(BaseKVStore& store, const std::vector<std::string>& keys) override;
  void forget() override;
  std::optional<std::pair<std::string, uint64_t>> search_index() override;
  // The version of what the index is of, for written().
  Result<KnownVersion::Version> version(const BaseKVStore& store) const { return version_.read(store); }
  // `batch` has been written, when the version was `before`; it has changed these nodes. REQUIRES: locked.
  void written(BaseKVStore& store, const WriteBatch& batch, KnownVersion::Version before,
               const std::vector<std::string>& ids);

  // Errors: those of VectorStore::query.
  Result<VectorStoreQueryResult> query(const BaseKVStore& store, const VectorStoreQuery& query);

  // Whether entities' embeddings are on their nodes: what is recorded, else what the nodes show, which is
  // looked for once, and again after changes.
  Result<bool> entities_hold_vectors(const BaseKVStore& store);
  // Records it, unless it has been: for a store that was asked for `wanted`, if for anything. A record that
  // they are stays. REQUIRES: the collections are declared.
  Status record(BaseKVStore& store, std::optional<bool> wanted);

 private:
  struct Entity {
    std::string id;
    std::optional<uint64_t> order;
    Json properties;
    std::vector<double> elements;
    bool has_embedding = false;
  };
  static Entity entity(std::string_view id, std::optional<uint64_t> order, JsonView node);

  // Fetches the embeddings that are not on the nodes.
  Status complete(const BaseKVStore& store, std::span<Entity> entities) const;
  // The entities of these ids (null: all) that have an embedding, in insertion order, while `use` sets no
  // `end`.
  Status for_each_entity(const BaseKVStore& store, const std::unordered_set<std::string_view>* ids,
                         const std::function<Status(const Entity&, bool& end)>& use) const;

  // REQUIRES, all: locked.
  Status load(const BaseKVStore& store);
  void drop_index();
  void keep_within_budget(const BaseKVStore& store);
  Status make_columns(const BaseKVStore& store, const MetadataFilters& filters);
  // Without an order, at the place that it has, or the last one.
  void put(const Entity& entity);
  Status reload(const BaseKVStore& store, const std::vector<std::string>& keys);
  bool is_ready_for(const MetadataFilters* filters) const;
  // Whether there is an index, or none is to be had, and nobody else has written since.
  Result<bool> is_current(const BaseKVStore& store) const;
  // Locks the index, loaded and with the columns of the filters, if any.
  Result<std::shared_lock<std::shared_mutex>> lock_index(const BaseKVStore& store,
                                                         const MetadataFilters* filters);
  void update(BaseKVStore& store, const std::vector<std::string>& keys);
  // Reads the entities of these ids (null: all) that have an embedding and pass the filters.
  Status stream(const BaseKVStore& store, const std::vector<std::string>* node_ids,
                const MetadataFilters* filters,
                const std::function<Status(const StreamedVector&)>& use) const;

  const std::string ns_;
  const std::string nodes_;
  const std::string vectors_;  // of the default vector store
  const std::string state_;
  enum class Known { kNothing, kFalse, kTrue };
  static Known known(bool value) { return value ? Known::kTrue : Known::kFalse; }
  std::atomic<Known> recorded_ = Known::kNothing;
  std::atomic<Known> shown_ = Known::kNothing;  // by the nodes, where nothing is recorded
  std::shared_mutex mutex_;                     // guards what follows
  KnownVersion version_;                        // of the collections that the index is of
  bool loaded_ = false;
  bool ordered_ = false;   // the store keeps the places of its nodes
  bool streamed_ = false;  // the index would be too large: queries read the nodes themselves
  VectorIndex index_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_GRAPHS_GRAPH_VECTORS_H_
