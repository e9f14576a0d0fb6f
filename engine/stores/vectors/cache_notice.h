// CacheNotice: tells the caches of others over a store's vectors what has been written, at its end: a
// property graph's entities may have their embeddings there. To be made before any lock is taken, since the
// locks of all caches have an order.

#ifndef QUIPU_ENGINE_STORES_VECTORS_CACHE_NOTICE_H_
#define QUIPU_ENGINE_STORES_VECTORS_CACHE_NOTICE_H_

#include <memory>
#include <string>
#include <vector>

#include "engine/stores/vectors/vector_store_state.h"
#include "quipu/backend/collection_cache.h"

namespace quipu {

class CacheNotice {
 public:
  explicit CacheNotice(const VectorStoreState& store) : store_(store) {}
  ~CacheNotice();
  CacheNotice(const CacheNotice&) = delete;
  CacheNotice& operator=(const CacheNotice&) = delete;

  // False: who reads the store later needs no notice.
  bool anybody() const { return !others().empty(); }

  std::vector<std::string> ids;  // what has been written
  bool everything = false;       // or anything may have been

 private:
  std::vector<std::shared_ptr<CollectionCache>> others() const;

  const VectorStoreState& store_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_VECTORS_CACHE_NOTICE_H_
