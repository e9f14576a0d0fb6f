// SparseVectors: what a vector store writes of sparse vectors, in the batch of what they belong to.
//
// Thread-safety: any number of threads; who writes holds the vector store's lock.

#ifndef QUIPU_ENGINE_STORES_TEXT_SPARSE_VECTORS_H_
#define QUIPU_ENGINE_STORES_TEXT_SPARSE_VECTORS_H_

#include <span>
#include <string>
#include <utility>

#include "quipu/kv_store.h"
#include "quipu/vector_store.h"
#include "quipu/write_batch.h"

namespace quipu {

class SparseVectors {
 public:
  SparseVectors(BaseKVStore& store, std::string collection, std::string file)
      : store_(store), collection_(std::move(collection)), file_(std::move(file)) {}

  // The vectors of entries that are written; those that their ids have had go. Makes collection and index
  // where they are needed, but in a transaction the index: the next call outside of one does, or a query.
  Status add(std::span<const VectorStoreEntry> entries, WriteBatch& batch) const;
  Status remove(std::span<const std::string> ids, WriteBatch& batch) const;

 private:
  Status prepare() const;
  // Whether there may be any.
  Result<bool> has_some() const;

  BaseKVStore& store_;
  const std::string collection_;
  const std::string file_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_TEXT_SPARSE_VECTORS_H_
