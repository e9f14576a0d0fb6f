#include "engine/stores/vectors/cache_notice.h"

namespace quipu {

CacheNotice::~CacheNotice() {
  if (ids.empty() && !everything) return;
  for (const std::shared_ptr<CollectionCache>& cache : others()) {
    const LockedCache locked(cache);
    everything ? locked->forget() : locked->changed(*store_.kvstore, ids);
  }
}

std::vector<std::shared_ptr<CollectionCache>> CacheNotice::others() const {
  std::vector<std::shared_ptr<CollectionCache>> caches = store_.kvstore->caches();
  std::erase_if(caches, [&](const auto& cache) {
    return cache == store_.cache || !cache->covers(store_.collections.embeddings);
  });
  return caches;
}

}  // namespace quipu
