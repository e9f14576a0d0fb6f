#include "engine/stores/text/sparse_vectors.h"

#include "engine/stores/text/text_searcher.h"
#include "engine/text/stored/content_reader.h"
#include "engine/text/stored/sparse_value.h"

namespace quipu {

Status SparseVectors::prepare() const {
  const KVCapabilities can = store_.capabilities();
  if (!can.text_indexes) {
    return Status::not_supported(
        "sparse vectors: this key-value store has no text indexes, which search them");
  }
  QUIPU_RETURN_IF_ERROR(store_.declare_collection(collection_, {file_, ""}));
  return can.in_transaction ? Status::ok() : make_text_index(store_, collection_, SPARSE_VECTORS, {});
}

Result<bool> SparseVectors::has_some() const {
  const KVCapabilities can = store_.capabilities();
  if (!can.text_indexes) return false;
  if (can.in_transaction) return true;  // to count them would conflict with whoever adds one
  QUIPU_ASSIGN_OR_RETURN(const uint64_t count, store_.count(collection_));
  return count != 0;
}

Status SparseVectors::add(std::span<const VectorStoreEntry> entries, WriteBatch& batch) const {
  bool any = false;
  for (const VectorStoreEntry& entry : entries) {
    if (entry.sparse == nullptr) continue;
    any = true;
    const Status checked = sparse_weights(entry.sparse->indices, entry.sparse->values).status();
    if (checked.is_ok()) continue;
    return Status::invalid_argument(checked.message() + " (of " + Json::from_string(entry.id).text() + ")");
  }
  if (any) QUIPU_RETURN_IF_ERROR(prepare());
  QUIPU_ASSIGN_OR_RETURN(const bool others_go, has_some());
  for (const VectorStoreEntry& entry : entries) {
    if (entry.sparse != nullptr) {
      batch.put(collection_, entry.id, make_sparse_value(entry.sparse->indices, entry.sparse->values));
    } else if (others_go) {
      batch.delete_(collection_, entry.id);
    }
  }
  return Status::ok();
}

Status SparseVectors::remove(std::span<const std::string> ids, WriteBatch& batch) const {
  QUIPU_ASSIGN_OR_RETURN(const bool some, has_some());
  if (!some) return Status::ok();
  for (const std::string& id : ids) batch.delete_(collection_, id);
  return Status::ok();
}

}  // namespace quipu
