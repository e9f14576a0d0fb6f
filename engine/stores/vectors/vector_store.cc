// KVVectorStore: what changes it.

#include "quipu/vector_store.h"

#include "engine/layout/persist_file_name.h"
#include "engine/layout/storage_layout.h"
#include "engine/node/node_metadata.h"
#include "engine/python/python_text.h"
#include "engine/stores/vectors/vector_store_state.h"
#include "engine/vectors/vector_search.h"
#include "engine/vectors/vector_stream.h"
#include "quipu/backend/features.h"

namespace quipu {
namespace {

// Tells the indexes of others over a store's vectors of what has been written, at its end: a property graph's
// entities may have their embeddings here. To be made before any lock is taken, for those of all caches have
// an order.
class ToldToOthers {
 public:
  ToldToOthers(BaseKVStore& store, const CollectionCache* own, std::string_view vectors)
      : store_(store), own_(own), vectors_(vectors) {}
  ~ToldToOthers() {
    if (ids.empty() && !everything) return;
    for (const std::shared_ptr<CollectionCache>& cache : others()) {
      const LockedCache locked(cache);
      everything ? locked->forget() : locked->changed(store_, ids);
    }
  }
  ToldToOthers(const ToldToOthers&) = delete;
  ToldToOthers& operator=(const ToldToOthers&) = delete;

  // Who reads the store later needs not be told.
  bool anybody() const { return !others().empty(); }

  std::vector<std::string> ids;
  bool everything = false;

 private:
  std::vector<std::shared_ptr<CollectionCache>> others() const {
    std::vector<std::shared_ptr<CollectionCache>> caches = store_.caches();
    std::erase_if(caches, [&](const auto& cache) { return cache.get() == own_ || !cache->covers(vectors_); });
    return caches;
  }

  BaseKVStore& store_;
  const CollectionCache* const own_;
  const std::string_view vectors_;
};

}  // namespace

KVVectorStore::KVVectorStore(std::shared_ptr<BaseKVStore> kvstore, std::string_view ns)
    : kvstore_(std::move(kvstore)), ns_(ns) {
  const VectorCollections collections(ns_);
  embeddings_ = collections.embeddings;
  ref_doc_ids_ = collections.ref_doc_ids;
  metadata_ = collections.metadata;
  state_ = collections.state;
  hnsw_ = collections.hnsw;
  cache_ = std::static_pointer_cast<IndexCache>(kvstore_->cache(collections.prefix, [&] {
    return std::make_shared<IndexCache>(collections, search_budget(*kvstore_));
  }));
}

KVVectorStore::~KVVectorStore() = default;
KVVectorStore::KVVectorStore(KVVectorStore&&) noexcept = default;
KVVectorStore& KVVectorStore::operator=(KVVectorStore&&) noexcept = default;

Status KVVectorStore::declare_collections() {
  const std::string file = vector_store_file(ns_);
  QUIPU_RETURN_IF_ERROR(kvstore_->declare_collection(embeddings_, {file, ""}));
  QUIPU_RETURN_IF_ERROR(kvstore_->declare_collection(ref_doc_ids_, {file, std::string(kRefDocId)}));
  return kvstore_->declare_collection(metadata_, {file, ""});
}

Status KVVectorStore::put_embedding(std::string_view id, std::span<const double> embedding,
                                    WriteBatch& batch) const {
  if (kvstore_->vector_values() != nullptr) {
    batch.put_vector(embeddings_, id, embedding);
  } else {
    batch.put(embeddings_, id, vector_value(embedding));
  }
  return Status::ok();
}

Result<std::vector<std::string>> KVVectorStore::add(std::span<const std::shared_ptr<const BaseNode>> nodes) {
  struct Parts {
    std::vector<double> embedding;
    std::string ref_doc_id;
  };
  std::vector<std::string> ids;
  std::vector<Parts> parts;
  ids.reserve(nodes.size());  // entries hold views into both
  parts.reserve(nodes.size());
  std::vector<VectorStoreEntry> entries;
  Status failed;
  for (const std::shared_ptr<const BaseNode>& node : nodes) {
    std::optional<std::vector<double>> embedding = node->embedding();
    if (!embedding) {
      failed = Status::invalid_argument("embedding not set.");
      break;
    }
    Result<std::optional<std::string>> ref_doc_id = node->ref_doc_id();
    if (!ref_doc_id) {
      failed = ref_doc_id.error();
      break;
    }
    ids.push_back(node->node_id());
    const Parts& part = parts.emplace_back(Parts{*std::move(embedding), ref_doc_id->value_or("")});
    entries.push_back({ids.back(), part.embedding, node->class_name(), part.ref_doc_id, node->metadata()});
  }
  QUIPU_RETURN_IF_ERROR(add_entries(entries));
  QUIPU_RETURN_IF_ERROR(failed);
  return ids;
}

Status KVVectorStore::add_entries(std::span<const VectorStoreEntry> entries) {
  QUIPU_RETURN_IF_ERROR(declare_collections());
  std::vector<Json> metadata;
  metadata.reserve(entries.size());
  WriteBatch batch;
  for (const VectorStoreEntry& entry : entries) {
    const Json& kept =
        metadata.emplace_back(vector_metadata(entry.metadata, entry.class_name, entry.ref_doc_id));
    QUIPU_RETURN_IF_ERROR(put_embedding(entry.id, entry.embedding, batch));
    batch.put(ref_doc_ids_, entry.id, wrapped(kRefDocId, *kept.view().find(kRefDocId)));
    batch.put(metadata_, entry.id, kept);
  }
  ToldToOthers told(*kvstore_, cache_.get(), embeddings_);
  std::lock_guard writing(cache_->writing);
  QUIPU_ASSIGN_OR_RETURN(const bool was_null, metadata_is_null());
  if (was_null) batch.delete_(state_, kMetadataDict);
  {
    std::unique_lock lock(cache_->mutex);
    QUIPU_RETURN_IF_ERROR(kvstore_->write(batch));
    cache_->added(*kvstore_, entries, metadata);
  }
  if (told.anybody()) {
    for (const VectorStoreEntry& entry : entries) told.ids.emplace_back(entry.id);
  }
  return insert_pending();
}

Result<std::vector<double>> KVVectorStore::get(std::string_view text_id) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored, kvstore_->get(text_id, embeddings_));
  if (!stored) {
    std::string message = "KeyError: ";
    append_string_repr(text_id, message);
    return Status::not_found(message);
  }
  std::vector<double> elements;
  if (!parse_vector_value(*stored, elements)) {
    return Status::corruption("vector store: the embedding of " + std::string(text_id) + " is malformed");
  }
  return elements;
}

Result<std::vector<std::shared_ptr<const BaseNode>>> VectorStore::get_nodes(
    std::optional<std::span<const std::string>> /*node_ids*/, const MetadataFilters* /*filters*/) const {
  return Status::not_supported("get_nodes not implemented");
}

Result<std::vector<std::shared_ptr<const BaseNode>>> KVVectorStore::get_nodes(
    std::optional<std::span<const std::string>> /*node_ids*/, const MetadataFilters* /*filters*/) const {
  return Status::not_supported("SimpleVectorStore does not store nodes directly.");
}

Status KVVectorStore::remove(std::span<const std::string> ids) {
  if (ids.empty()) return Status::ok();
  WriteBatch batch;
  for (const std::string& id : ids) {
    for (const std::string* const collection : {&embeddings_, &ref_doc_ids_, &metadata_}) {
      batch.delete_(*collection, id);
    }
  }
  std::unique_lock lock(cache_->mutex);
  QUIPU_RETURN_IF_ERROR(kvstore_->write(batch));
  for (const std::string& id : ids) cache_->erase(id);
  return Status::ok();
}

// The reference takes a node's metadata away last, and fails where it is null as a whole: the first of the
// nodes is gone then, and the others stay.
Status KVVectorStore::remove_with_metadata(std::span<const std::string> ids) {
  QUIPU_ASSIGN_OR_RETURN(const bool is_null, metadata_is_null());
  if (!is_null) return remove(ids);
  const std::vector<std::string_view> keys(ids.begin(), ids.end());
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<uint64_t>> places,
                         kvstore_->insertion_order(keys, embeddings_));
  std::optional<size_t> first;
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i] && (!first || *places[i] < *places[*first])) first = i;
  }
  if (!first) return Status::ok();
  QUIPU_RETURN_IF_ERROR(remove(ids.subspan(*first, 1)));
  return Status::invalid_argument("AttributeError: 'NoneType' object has no attribute 'pop'");
}

Status KVVectorStore::delete_(std::string_view ref_doc_id) {
  ToldToOthers told(*kvstore_, cache_.get(), embeddings_);
  std::vector<std::string>& ids = told.ids;
  std::lock_guard writing(cache_->writing);
  FieldIndex* const index = kvstore_->field_index();
  if (index != nullptr && !ref_doc_id.empty()) {  // which is not indexed
    QUIPU_RETURN_IF_ERROR(index->ensure_index(ref_doc_ids_, kRefDocId));
    QUIPU_ASSIGN_OR_RETURN(ids, index->keys_with_value(ref_doc_ids_, ref_doc_id));
    return remove(ids);
  }
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_->scan({}, ref_doc_ids_));
  while (it->next()) {
    const std::optional<JsonView> owner = it->val().find(kRefDocId);
    if (owner && owner->is_string() && owner->string() == ref_doc_id) ids.emplace_back(it->key());
  }
  QUIPU_RETURN_IF_ERROR(it->status());
  return remove(ids);
}

Status KVVectorStore::delete_nodes(std::optional<std::span<const std::string>> node_ids,
                                   const MetadataFilters* filters) {
  if (filters != nullptr && filters->filters.empty()) filters = nullptr;
  ToldToOthers told(*kvstore_, cache_.get(), embeddings_);
  std::vector<std::string>& ids = told.ids;
  std::lock_guard writing(cache_->writing);
  if (node_ids && filters == nullptr) {
    ids.assign(node_ids->begin(), node_ids->end());
    return remove_with_metadata(ids);
  }
  QUIPU_RETURN_IF_ERROR(load_index());
  if (filters != nullptr) QUIPU_RETURN_IF_ERROR(make_columns(*filters));
  std::optional<std::vector<std::string>> given;
  if (node_ids) given.emplace(node_ids->begin(), node_ids->end());
  if (cache_->streamed) {
    QUIPU_RETURN_IF_ERROR(stream(given ? &*given : nullptr, filters, [&](const StreamedVector& vector) {
      ids.emplace_back(vector.id);
      return Status::ok();
    }));
    return remove_with_metadata(ids);
  }
  Status filtered;
  {
    std::shared_lock lock(cache_->mutex);
    std::vector<uint32_t> rows;
    filtered = filter_rows(cache_->index, given ? &*given : nullptr, filters, rows);
    for (const uint32_t row : rows) ids.emplace_back(cache_->index.id_of(row));
  }
  QUIPU_RETURN_IF_ERROR(remove_with_metadata(ids));
  if (filtered.is_ok()) return filtered;
  QUIPU_ASSIGN_OR_RETURN(const bool is_null, metadata_is_null());
  if (is_null) return Status::invalid_argument("TypeError: 'NoneType' object is not subscriptable");
  return filtered;  // the reference deletes as it filters, and so has deleted what came before
}

Status KVVectorStore::clear() {
  ToldToOthers told(*kvstore_, cache_.get(), embeddings_);
  told.everything = true;
  std::lock_guard writing(cache_->writing);
  WriteBatch batch;
  for (const std::string* const collection : {&embeddings_, &ref_doc_ids_, &metadata_, &state_}) {
    ScanOptions keys;
    keys.keys_only = true;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_->scan(keys, *collection));
    while (it->next()) batch.delete_(*collection, it->key());
    QUIPU_RETURN_IF_ERROR(it->status());
  }
  std::unique_lock lock(cache_->mutex);
  QUIPU_RETURN_IF_ERROR(kvstore_->write(batch));
  cache_->clear();
  return Status::ok();
}

Result<bool> KVVectorStore::metadata_is_null() const { return kvstore_->exists(kMetadataDict, state_); }

Status KVVectorStore::load(JsonView save_dict) {
  const auto malformed = [&](const std::string& what) {
    return Status::invalid_argument("vector store " + ns_ + ": " + what);
  };
  if (!save_dict.is_object()) return malformed("not an object");
  const auto member = [&](std::string_view name) {
    return save_dict.find(name).value_or(JsonView::from_canonical("{}"));
  };
  const JsonView embeddings = member(kEmbeddingDict);
  const JsonView ref_doc_ids = member(kTextIdToRefDocId);
  const JsonView metadata = member(kMetadataDict);
  if (!embeddings.is_object()) return malformed("\"embedding_dict\" is not an object");
  if (!ref_doc_ids.is_object()) return malformed("\"text_id_to_ref_doc_id\" is not an object");
  if (!metadata.is_object() && !metadata.is_null()) return malformed("\"metadata_dict\" is not an object");
  QUIPU_RETURN_IF_ERROR(clear());
  QUIPU_RETURN_IF_ERROR(declare_collections());
  WriteBatch batch;
  std::vector<double> elements;
  for (const JsonMember& each : embeddings.members()) {
    const Json value = wrapped("embedding", each.value);
    if (!parse_vector_value(value, elements)) {
      return malformed("the embedding of " + std::string(each.raw_key) + " is not a list of numbers");
    }
    QUIPU_RETURN_IF_ERROR(put_embedding(each.key(), elements, batch));
  }
  for (const JsonMember& each : ref_doc_ids.members()) {
    if (!each.value.is_string())
      return malformed("the document of " + std::string(each.raw_key) + " is no string");
    batch.put(ref_doc_ids_, each.key(), wrapped(kRefDocId, each.value));
  }
  if (metadata.is_null()) {
    QUIPU_RETURN_IF_ERROR(kvstore_->declare_collection(state_, {vector_store_file(ns_), ""}));
    batch.put(state_, kMetadataDict, null_metadata_state());
  } else {
    for (const JsonMember& each : metadata.members()) {
      if (!each.value.is_object())
        return malformed("the metadata of " + std::string(each.raw_key) + " is no object");
      batch.put(metadata_, each.key(), each.value);
    }
  }
  ToldToOthers told(*kvstore_, cache_.get(), embeddings_);
  told.everything = true;
  std::lock_guard writing(cache_->writing);
  std::unique_lock lock(cache_->mutex);
  cache_->forget();
  return kvstore_->write(batch);
}

}  // namespace quipu
