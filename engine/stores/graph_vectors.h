// GraphVectors: the search index over the embeddings of a property graph's nodes, which all objects of that
// graph share. Filters are over the nodes' properties.

#ifndef QUIPU_ENGINE_STORES_GRAPH_VECTORS_H_
#define QUIPU_ENGINE_STORES_GRAPH_VECTORS_H_

#include <functional>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/vectors/vector_index.h"
#include "engine/vectors/vector_stream.h"
#include "quipu/collection_cache.h"
#include "quipu/kv_store.h"

namespace quipu {

class GraphVectors : public CollectionCache {
 public:
  // `nodes`: the collection of the graph's nodes.
  explicit GraphVectors(std::string nodes) : nodes_(std::move(nodes)) {}

  bool covers(std::string_view collection) const override { return collection == nodes_; }
  void lock() override { mutex_.lock(); }
  void unlock() override { mutex_.unlock(); }
  void changed(BaseKVStore& store, const std::vector<std::string>& keys) override;
  void forget() override;

  // Errors: those of VectorStore::query.
  Result<VectorStoreQueryResult> query(const BaseKVStore& store, const VectorStoreQuery& query);

 private:
  // REQUIRES, all: locked.
  Status load(const BaseKVStore& store);
  void keep_within_budget(const BaseKVStore& store);
  Status make_columns(const BaseKVStore& store, const MetadataFilters& filters);
  // Without `order`, at the place that it has, or the last one.
  void set(std::string_view id, std::optional<uint64_t> order, JsonView node);
  Status reload(const BaseKVStore& store, const std::vector<std::string>& keys);
  bool is_ready_for(const MetadataFilters* filters) const;
  // Reads the nodes of these ids (null: all) that have an embedding and pass the filters.
  Status stream(const BaseKVStore& store, const std::vector<std::string>* node_ids,
                const MetadataFilters* filters,
                const std::function<Status(const StreamedVector&)>& use) const;

  const std::string nodes_;
  std::shared_mutex mutex_;  // guards what follows
  bool loaded_ = false;
  bool ordered_ = false;   // the store keeps the places of its nodes
  bool streamed_ = false;  // the index would be too large: queries read the nodes themselves
  VectorIndex index_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_GRAPH_VECTORS_H_
