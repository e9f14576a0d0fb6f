// What all objects of one vector store share.

#ifndef QUIPU_ENGINE_STORES_VECTOR_STORE_STATE_H_
#define QUIPU_ENGINE_STORES_VECTOR_STORE_STATE_H_

#include <mutex>
#include <shared_mutex>

#include "engine/vectors/vector_index.h"
#include "quipu/vector_store.h"

namespace quipu {

class KVVectorStore::Shared {
 public:
  std::mutex writing;  // one writer at a time, so that the index sees writes in their order; taken first
  std::shared_mutex
      mutex;  // guards what follows, and held for a write, so that a query sees store and index alike
  bool loaded = false;  // a store that is never asked loads nothing
  VectorIndex index;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_VECTOR_STORE_STATE_H_
