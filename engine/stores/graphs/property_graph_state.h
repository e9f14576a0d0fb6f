// What the parts of one property graph work on.

#ifndef QUIPU_ENGINE_STORES_GRAPHS_PROPERTY_GRAPH_STATE_H_
#define QUIPU_ENGINE_STORES_GRAPHS_PROPERTY_GRAPH_STATE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/layout/storage_layout.h"
#include "engine/stores/graphs/graph_vectors.h"
#include "quipu/kv_store.h"

namespace quipu {

struct PropertyGraphState {
  PropertyGraphState(std::shared_ptr<BaseKVStore> store, std::string_view name_space,
                     std::optional<bool> vector_queries)
      : kvstore(std::move(store)),
        ns(name_space.empty() ? kPropertyGraphNamespace : name_space),
        collections(ns),
        supports_vector_queries(vector_queries),
        vectors(std::static_pointer_cast<GraphVectors>(
            kvstore->cache(collections.nodes, [this] { return std::make_shared<GraphVectors>(ns); }))) {}

  const std::shared_ptr<BaseKVStore> kvstore;
  const std::string ns;
  const PropertyGraphCollections collections;
  const std::optional<bool> supports_vector_queries;
  const std::shared_ptr<GraphVectors> vectors;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_GRAPHS_PROPERTY_GRAPH_STATE_H_
