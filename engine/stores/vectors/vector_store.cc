#include "quipu/vector_store.h"

#include <algorithm>
#include <utility>

#include "engine/python/python_text.h"
#include "engine/stores/text/hybrid_query.h"
#include "engine/stores/vectors/hnsw_manager.h"
#include "engine/stores/vectors/index_manager.h"
#include "engine/stores/vectors/stored_nodes.h"
#include "engine/stores/vectors/vector_searcher.h"
#include "engine/stores/vectors/vector_store_state.h"
#include "engine/stores/vectors/vector_writer.h"
#include "quipu/backend/collection_cache.h"
#include "quipu/backend/executor.h"
#include "quipu/backend/features.h"
#include "quipu/stats.h"

namespace quipu {

Result<std::vector<std::shared_ptr<const BaseNode>>> VectorStore::get_nodes(
    std::optional<std::span<const std::string>> /*node_ids*/, const MetadataFilters* /*filters*/) const {
  return Status::not_supported("get_nodes not implemented");
}

struct KVVectorStore::Parts {
  Parts(std::shared_ptr<BaseKVStore> kvstore, std::string_view ns, bool keeps_text)
      : state(std::move(kvstore), ns), stores_text(keeps_text) {}

  const VectorStoreState state;
  const bool stores_text;
  CallRecorder* const recorder = call_recorder(*state.kvstore);
  const HnswManager hnsw{state};
  const IndexManager index{state, hnsw};
  const VectorSearcher searcher{state, index};
  const StoredNodes nodes{state, searcher};
  const VectorWriter writer{state, index, hnsw};
  DocumentCollections documents{kDocumentStoreNamespace};  // whose text is searched

  CallTimer timer(CallKind kind) const { return {recorder, kind, state.collections.embeddings}; }
  VectorSide vector_side() const {
    return {
        .nearest = [this](const VectorStoreQuery& query) { return searcher.query(query); },
        .passing = [this](const VectorStoreQuery& query) { return searcher.candidate_ids(query); },
        .holds =
            [this](std::string_view id) { return state.kvstore->exists(id, state.collections.embeddings); },
        .nodes_of =
            [this](std::string_view ref_doc_id) {
              return state.kvstore->field_index().keys_with_value(state.collections.ref_doc_ids, kRefDocId,
                                                                  ref_doc_id);
            }};
  }
  Result<VectorStoreQueryResult> query(const VectorStoreQuery& query) const {
    // Where no text can be searched, or none is looked for, the mode is one that the store does not know, as
    // in the reference.
    const bool text = searches_text(query.mode) &&
                      (!query.query_str.empty() ||
                       (query.sparse_embedding && query.mode != VectorStoreQueryMode::TEXT_SEARCH));
    if (!text || !state.kvstore->capabilities().text_indexes) return searcher.query(query);
    return query_with_text(*state.kvstore, documents.nodes, state.collections.sparse, query, vector_side());
  }
};

KVVectorStore::KVVectorStore(std::shared_ptr<BaseKVStore> kvstore, std::string_view ns, bool stores_text)
    : parts_(std::make_unique<Parts>(std::move(kvstore), ns, stores_text)) {}

KVVectorStore::~KVVectorStore() = default;
KVVectorStore::KVVectorStore(KVVectorStore&&) noexcept = default;
KVVectorStore& KVVectorStore::operator=(KVVectorStore&&) noexcept = default;

KVVectorStore KVVectorStore::unowned() const {
  KVVectorStore store(unowned_pointer(kvstore()), name_space(), stores_text());
  store.parts_->documents = parts_->documents;
  return store;
}

BaseKVStore& KVVectorStore::kvstore() const { return *parts_->state.kvstore; }
const std::string& KVVectorStore::name_space() const { return parts_->state.ns; }
bool KVVectorStore::stores_text() const { return parts_->stores_text; }

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
    entries.push_back({ids.back(), part.embedding, node->class_name(), part.ref_doc_id, node->metadata(),
                       stores_text() ? node->to_json().view() : JsonView()});
  }
  QUIPU_RETURN_IF_ERROR(add_entries(entries));
  QUIPU_RETURN_IF_ERROR(failed);
  return ids;
}

Result<std::vector<double>> KVVectorStore::get(std::string_view text_id) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored,
                         kvstore().get(text_id, parts_->state.collections.embeddings));
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

Result<std::vector<std::shared_ptr<const BaseNode>>> KVVectorStore::get_nodes(
    std::optional<std::span<const std::string>> node_ids, const MetadataFilters* filters) const {
  if (!stores_text()) return Status::not_supported("SimpleVectorStore does not store nodes directly.");
  return parts_->nodes.get_nodes(node_ids, filters);
}

Status KVVectorStore::add_entries(std::span<const VectorStoreEntry> entries) {
  return parts_->writer.add_entries(entries);
}

Status KVVectorStore::delete_(std::string_view ref_doc_id) { return parts_->writer.delete_(ref_doc_id); }

Status KVVectorStore::delete_nodes(std::optional<std::span<const std::string>> node_ids,
                                   const MetadataFilters* filters) {
  return parts_->writer.delete_nodes(node_ids, filters);
}

Status KVVectorStore::clear() { return parts_->writer.clear(); }

Status KVVectorStore::load(JsonView save_dict) { return parts_->writer.load(save_dict); }

Result<VectorStoreQueryResult> KVVectorStore::query(const VectorStoreQuery& query) const {
  const CallTimer timer = parts_->timer(CallKind::kQuery);
  QUIPU_ASSIGN_OR_RETURN(VectorStoreQueryResult found, parts_->query(query));
  if (stores_text()) QUIPU_RETURN_IF_ERROR(parts_->nodes.add_to(found));
  return found;
}

void KVVectorStore::use_document_store(std::string_view ns) { parts_->documents = DocumentCollections(ns); }

Result<std::vector<VectorStoreQueryResult>> KVVectorStore::query_all(
    std::span<const VectorStoreQuery> queries) const {
  const CallTimer timer = parts_->timer(CallKind::kQueryAll);
  if (std::ranges::any_of(queries, searches_text, &VectorStoreQuery::mode)) {
    std::vector<VectorStoreQueryResult> found;
    for (const VectorStoreQuery& each : queries) {
      QUIPU_ASSIGN_OR_RETURN(VectorStoreQueryResult one, query(each));
      found.push_back(std::move(one));
    }
    return found;
  }
  QUIPU_ASSIGN_OR_RETURN(std::vector<VectorStoreQueryResult> found, parts_->searcher.query_all(queries));
  if (stores_text()) {
    for (VectorStoreQueryResult& each : found) QUIPU_RETURN_IF_ERROR(parts_->nodes.add_to(each));
  }
  return found;
}

Result<std::vector<std::pair<std::string, std::vector<double>>>> KVVectorStore::candidates(
    const VectorStoreQuery& query) const {
  return parts_->searcher.candidates(query);
}

Status KVVectorStore::use_ann(double recall, const ProgressCallback& progress) {
  return parts_->index.use_ann(recall, progress);
}

Status KVVectorStore::drop_ann() { return parts_->index.drop_ann(); }

Result<std::optional<double>> KVVectorStore::ann() const { return parts_->index.ann(); }

Status KVVectorStore::use_hnsw(const HnswOptions& options, const ProgressCallback& progress) {
  return parts_->index.use_hnsw(options, progress);
}

Status KVVectorStore::drop_hnsw() { return parts_->index.drop_hnsw(); }

Result<std::optional<HnswOptions>> KVVectorStore::hnsw() const { return parts_->hnsw.options(); }

std::vector<SearchIndexInfo> search_indexes(const BaseKVStore& store) {
  std::vector<SearchIndexInfo> indexes;
  for (const std::shared_ptr<CollectionCache>& cache : store.caches()) {
    if (auto index = cache->search_index()) indexes.push_back({std::move(index->first), index->second});
  }
  return indexes;
}

}  // namespace quipu
