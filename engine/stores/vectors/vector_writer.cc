#include "engine/stores/vectors/vector_writer.h"

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "engine/layout/persist_file_name.h"
#include "engine/node/node_metadata.h"
#include "engine/stores/vectors/cache_notice.h"
#include "engine/stores/vectors/vector_reader.h"
#include "engine/vectors/vector_search.h"
#include "quipu/backend/features.h"

namespace quipu {
namespace {

std::string_view bytes_of(std::span<const double> elements) {
  return {reinterpret_cast<const char*>(elements.data()), elements.size_bytes()};
}

// Whether what is kept of an entry beside its embedding is what is kept of another one, as of those of one
// document.
bool has_metadata_of(const VectorStoreEntry& entry, const VectorStoreEntry& other) {
  return entry.node.is_null() && other.node.is_null() && entry.ref_doc_id == other.ref_doc_id &&
         entry.class_name == other.class_name && entry.metadata.text() == other.metadata.text();
}

}  // namespace

Status VectorWriter::declare_collections() const {
  const std::string file = vector_store_file(store_.ns);
  CollectionOptions of_vectors{file, ""};
  of_vectors.keeps_codes = true;
  QUIPU_RETURN_IF_ERROR(store_.kvstore->declare_collection(store_.collections.embeddings, of_vectors));
  QUIPU_RETURN_IF_ERROR(make_codes());
  QUIPU_RETURN_IF_ERROR(
      store_.kvstore->declare_collection(store_.collections.ref_doc_ids, {file, std::string(kRefDocId)}));
  return store_.kvstore->declare_collection(store_.collections.metadata, {file, ""});
}

Status VectorWriter::make_codes() const {
  const Status made = store_.kvstore->make_codes(store_.collections.embeddings, 0).status();
  // A damaged vector is what queries tell of, and verify.
  return made.code() == StatusCode::kCorruption ? Status::ok() : made;
}

Status VectorWriter::add_entries(std::span<const VectorStoreEntry> entries) const {
  QUIPU_RETURN_IF_ERROR(declare_collections());
  std::vector<Json> metadata;
  std::vector<Json> ref_docs;
  metadata.reserve(entries.size());  // the batch has views into both
  ref_docs.reserve(entries.size());
  WriteBatch batch;
  for (const VectorStoreEntry& entry : entries) {
    const std::optional<JsonView> data = entry.node.find("__data__");
    if (!entry.node.is_null() && !(data && data->is_object())) {
      return Status::invalid_argument("vector store " + store_.ns + ": the node of " +
                                      Json::from_string(entry.id).text() + " has no \"__data__\"");
    }
    const size_t i = metadata.size();
    if (i != 0 && has_metadata_of(entry, entries[i - 1])) {
      metadata.push_back(metadata.back());
      ref_docs.push_back(ref_docs.back());
    } else {
      metadata.push_back(vector_metadata(entry.metadata, entry.class_name, entry.ref_doc_id, entry.node));
      ref_docs.push_back(wrapped(kRefDocId, *metadata[i].view().find(kRefDocId)));
    }
    batch.add_view(
        {&VectorValues::kPutVector, store_.collections.embeddings, entry.id, bytes_of(entry.embedding)});
    batch.add_view({&WriteOp::kPut, store_.collections.ref_doc_ids, entry.id, ref_docs[i].text()});
    batch.add_view({&WriteOp::kPut, store_.collections.metadata, entry.id, metadata[i].text()});
  }
  QUIPU_RETURN_IF_ERROR(sparse_.add(entries, batch));
  CacheNotice notice(store_);
  std::lock_guard writing(cache_.writing);
  QUIPU_ASSIGN_OR_RETURN(const bool was_null, metadata_is_null());
  if (was_null) batch.delete_(store_.collections.state, kMetadataDict);
  {
    std::unique_lock lock(cache_.mutex);
    QUIPU_RETURN_IF_ERROR(store_.kvstore->write(batch));
    cache_.added(*store_.kvstore, batch, entries, metadata);
  }
  if (notice.anybody()) {
    for (const VectorStoreEntry& entry : entries) notice.ids.emplace_back(entry.id);
  }
  QUIPU_RETURN_IF_ERROR(index_.arrange_some());
  return hnsw_.insert_pending();
}

Status VectorWriter::remove(std::span<const std::string> ids) const {
  if (ids.empty()) return Status::ok();
  WriteBatch batch;
  const VectorCollections& all = store_.collections;
  for (const std::string& id : ids) {
    for (const std::string* const collection : {&all.embeddings, &all.ref_doc_ids, &all.metadata}) {
      batch.delete_(*collection, id);
    }
  }
  QUIPU_RETURN_IF_ERROR(sparse_.remove(ids, batch));
  std::vector<std::optional<uint64_t>> orders;
  if (cache_.codes || cache_.partitions) {
    const std::vector<std::string_view> keys(ids.begin(), ids.end());
    QUIPU_ASSIGN_OR_RETURN(orders, store_.kvstore->insertion_order(keys, all.embeddings));
  }
  std::unique_lock lock(cache_.mutex);
  QUIPU_RETURN_IF_ERROR(store_.kvstore->write(batch));
  cache_.removed(*store_.kvstore, batch, ids, orders);
  return Status::ok();
}

// The reference takes a node's metadata away last, and fails where it is null as a whole: the first of the
// nodes is gone then, and the others stay.
Status VectorWriter::remove_with_metadata(std::span<const std::string> ids) const {
  QUIPU_ASSIGN_OR_RETURN(const bool is_null, metadata_is_null());
  if (!is_null) return remove(ids);
  const std::vector<std::string_view> keys(ids.begin(), ids.end());
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<uint64_t>> places,
                         store_.kvstore->insertion_order(keys, store_.collections.embeddings));
  std::optional<size_t> first;
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i] && (!first || *places[i] < *places[*first])) first = i;
  }
  if (!first) return Status::ok();
  QUIPU_RETURN_IF_ERROR(remove(ids.subspan(*first, 1)));
  return Status::invalid_argument("AttributeError: 'NoneType' object has no attribute 'pop'");
}

Status VectorWriter::delete_(std::string_view ref_doc_id) const {
  CacheNotice notice(store_);
  std::vector<std::string>& ids = notice.ids;
  std::lock_guard writing(cache_.writing);
  FieldIndex& index = store_.kvstore->field_index();
  const std::string& collection = store_.collections.ref_doc_ids;
  QUIPU_RETURN_IF_ERROR(index.ensure_index(collection, kRefDocId));
  QUIPU_ASSIGN_OR_RETURN(ids, index.keys_with_value(collection, kRefDocId, ref_doc_id));
  return remove(ids);
}

Status VectorWriter::delete_nodes(std::optional<std::span<const std::string>> node_ids,
                                  const MetadataFilters* filters) const {
  if (filters != nullptr && filters->filters.empty()) filters = nullptr;
  CacheNotice notice(store_);
  std::vector<std::string>& ids = notice.ids;
  std::lock_guard writing(cache_.writing);
  if (node_ids && filters == nullptr) {
    ids.assign(node_ids->begin(), node_ids->end());
    return remove_with_metadata(ids);
  }
  QUIPU_RETURN_IF_ERROR(index_.load(/*needs_index=*/true));
  if (filters != nullptr) QUIPU_RETURN_IF_ERROR(index_.make_columns(*filters));
  std::optional<std::vector<std::string>> given;
  if (node_ids) given.emplace(node_ids->begin(), node_ids->end());
  if (cache_.streamed) {
    QUIPU_RETURN_IF_ERROR(stream_vectors(*store_.kvstore, store_.collections, given ? &*given : nullptr,
                                         filters, [&](const StreamedVector& vector) {
                                           ids.emplace_back(vector.id);
                                           return Status::ok();
                                         }));
    return remove_with_metadata(ids);
  }
  Status filtered;
  {
    std::shared_lock lock(cache_.mutex);
    std::vector<uint32_t> rows;
    filtered = filter_rows(cache_.index, given ? &*given : nullptr, filters, rows);
    for (const uint32_t row : rows) ids.emplace_back(cache_.index.id_of(row));
  }
  QUIPU_RETURN_IF_ERROR(remove_with_metadata(ids));
  if (filtered.is_ok()) return filtered;
  QUIPU_ASSIGN_OR_RETURN(const bool is_null, metadata_is_null());
  if (is_null) return Status::invalid_argument("TypeError: 'NoneType' object is not subscriptable");
  return filtered;  // the reference deletes as it filters, and so has deleted what came before
}

Status VectorWriter::clear() const {
  CacheNotice notice(store_);
  notice.everything = true;
  std::lock_guard writing(cache_.writing);
  WriteBatch batch;
  const VectorCollections& all = store_.collections;
  for (const std::string* const collection :
       {&all.embeddings, &all.ref_doc_ids, &all.metadata, &all.state, &all.sparse}) {
    ScanOptions keys;
    keys.keys_only = true;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store_.kvstore->scan(keys, *collection));
    while (it->next()) batch.delete_(*collection, it->key());
    QUIPU_RETURN_IF_ERROR(it->status());
  }
  std::unique_lock lock(cache_.mutex);
  QUIPU_RETURN_IF_ERROR(store_.kvstore->write(batch));
  cache_.cleared(*store_.kvstore, batch);
  return Status::ok();
}

Result<bool> VectorWriter::metadata_is_null() const {
  return store_.kvstore->exists(kMetadataDict, store_.collections.state);
}

Status VectorWriter::load(JsonView save_dict) const {
  const auto malformed = [&](const std::string& what) {
    return Status::invalid_argument("vector store " + store_.ns + ": " + what);
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
    batch.put_vector(store_.collections.embeddings, each.key(), elements);
  }
  for (const JsonMember& each : ref_doc_ids.members()) {
    if (!each.value.is_string())
      return malformed("the document of " + std::string(each.raw_key) + " is no string");
    batch.put(store_.collections.ref_doc_ids, each.key(), wrapped(kRefDocId, each.value));
  }
  if (metadata.is_null()) {
    QUIPU_RETURN_IF_ERROR(
        store_.kvstore->declare_collection(store_.collections.state, {vector_store_file(store_.ns), ""}));
    batch.put(store_.collections.state, kMetadataDict, null_metadata_state());
  } else {
    for (const JsonMember& each : metadata.members()) {
      if (!each.value.is_object())
        return malformed("the metadata of " + std::string(each.raw_key) + " is no object");
      batch.put(store_.collections.metadata, each.key(), each.value);
    }
  }
  CacheNotice notice(store_);
  notice.everything = true;
  std::lock_guard writing(cache_.writing);
  std::unique_lock lock(cache_.mutex);
  cache_.forget();
  return store_.kvstore->write(batch);
}

}  // namespace quipu
