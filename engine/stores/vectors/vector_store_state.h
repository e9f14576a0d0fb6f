// What the parts of one vector store work on.

#ifndef QUIPU_ENGINE_STORES_VECTORS_VECTOR_STORE_STATE_H_
#define QUIPU_ENGINE_STORES_VECTORS_VECTOR_STORE_STATE_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "engine/layout/storage_layout.h"
#include "engine/stores/vectors/index_cache.h"
#include "quipu/kv_store.h"

namespace quipu {

struct VectorStoreState {
  VectorStoreState(std::shared_ptr<BaseKVStore> store, std::string_view name_space)
      : kvstore(std::move(store)),
        ns(name_space),
        collections(ns),
        cache(std::static_pointer_cast<IndexCache>(kvstore->cache(collections.prefix, [this] {
          return std::make_shared<IndexCache>(collections, kvstore->search_memory_bytes());
        }))) {}

  // How many threads may read codes together: more than 8 read no faster, and a transaction is for one at a
  // time.
  size_t reading_threads() const {
    if (kvstore->capabilities().in_transaction) return 1;
    return std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
  }

  const std::shared_ptr<BaseKVStore> kvstore;
  const std::string ns;
  const VectorCollections collections;
  const std::shared_ptr<IndexCache> cache;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_VECTORS_VECTOR_STORE_STATE_H_
