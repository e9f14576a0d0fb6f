// KVVectorStore: queries, and the index behind them.

#include <algorithm>

#include "engine/stores/vector_store_state.h"
#include "quipu/vector_store.h"
#include "quipu/vector_values.h"

namespace quipu {
namespace {

// The reference's name of a mode, as its message has it.
std::string_view mode_name(VectorStoreQueryMode mode) {
  switch (mode) {
    case VectorStoreQueryMode::SPARSE: return "SPARSE";
    case VectorStoreQueryMode::HYBRID: return "HYBRID";
    case VectorStoreQueryMode::TEXT_SEARCH: return "TEXT_SEARCH";
    case VectorStoreQueryMode::SEMANTIC_HYBRID: return "SEMANTIC_HYBRID";
    case VectorStoreQueryMode::SVM: return "SVM";
    case VectorStoreQueryMode::LOGISTIC_REGRESSION: return "LOGISTIC_REGRESSION";
    case VectorStoreQueryMode::LINEAR_REGRESSION: return "LINEAR_REGRESSION";
    case VectorStoreQueryMode::MMR: return "MMR";
    case VectorStoreQueryMode::DEFAULT: break;
  }
  return "DEFAULT";
}

bool fits_a_learner(VectorStoreQueryMode mode) {
  return mode == VectorStoreQueryMode::SVM || mode == VectorStoreQueryMode::LOGISTIC_REGRESSION ||
         mode == VectorStoreQueryMode::LINEAR_REGRESSION;
}

Status check_mode(VectorStoreQueryMode mode) {
  if (mode == VectorStoreQueryMode::DEFAULT || mode == VectorStoreQueryMode::MMR) return Status::ok();
  const std::string name(mode_name(mode));
  if (fits_a_learner(mode)) {
    return Status::not_supported("query mode " + name +
                                 " fits a learner to the vectors, which this library does not do");
  }
  return Status::invalid_argument("ValueError: Invalid query mode: VectorStoreQueryMode." + name);
}

std::vector<std::string> keys_without_column(const MetadataFilters& filters, const MetadataColumns& columns) {
  std::vector<std::string> missing;
  for (const auto& each : filters.filters) {
    const MetadataFilter* const filter = std::get_if<MetadataFilter>(&each);
    if (filter != nullptr && !columns.has(filter->key)) missing.push_back(filter->key);
  }
  return missing;
}

}  // namespace

Result<std::shared_lock<std::shared_mutex>> KVVectorStore::lock_index(const MetadataFilters* filters) const {
  while (true) {
    {
      std::shared_lock lock(shared_->mutex);
      const bool ready = shared_->loaded && (filters == nullptr ||
                                             keys_without_column(*filters, shared_->index.columns()).empty());
      if (ready) return lock;
    }
    std::lock_guard writing(shared_->writing);
    QUIPU_RETURN_IF_ERROR(load_index());
    if (filters != nullptr) QUIPU_RETURN_IF_ERROR(make_columns(*filters));
  }
}

Status KVVectorStore::load_index() const {
  {
    std::unique_lock lock(shared_->mutex);
    if (shared_->loaded) return Status::ok();
    shared_->forget();
    QUIPU_RETURN_IF_ERROR(load_hnsw());
    const auto take = [&](std::string_view id, std::optional<uint64_t> order,
                          std::span<const double> elements) {
      order ? shared_->index.put_at(id, *order, elements) : shared_->index.put(id, elements);
      if (shared_->hnsw) shared_->hnsw->adopt(*shared_->index.row_of(id), id, elements);
    };
    QUIPU_RETURN_IF_ERROR(for_each_vector(take));
    if (shared_->hnsw) shared_->hnsw->finish_adoption();
    shared_->loaded = true;
  }
  return insert_waiting();
}

Status KVVectorStore::for_each_vector(
    const std::function<void(std::string_view id, std::optional<uint64_t> order, std::span<const double>)>&
        use) const {
  if (const VectorValues* const vectors = kvstore_->vector_values()) {
    return vectors->scan_vectors(embeddings_, [&](const VectorEntry& entry) {
      use(entry.key, entry.order, entry.elements);
      return Status::ok();
    });
  }
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_->scan(in_order, embeddings_));
  std::vector<double> elements;
  while (it->next()) {
    if (!parse_vector_value(it->val(), elements)) {
      return Status::corruption("vector store: the embedding of " + std::string(it->key()) + " is malformed");
    }
    use(it->key(), std::nullopt, elements);
  }
  return it->status();
}

Status KVVectorStore::make_columns(const MetadataFilters& filters) const {
  std::unique_lock lock(shared_->mutex);
  VectorIndex& index = shared_->index;
  const auto for_each = [&](const std::function<void(uint32_t, JsonView)>& use) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_->scan({}, metadata_));
    while (it->next()) {
      if (const std::optional<uint32_t> row = index.row_of(it->key())) use(*row, it->val());
    }
    return it->status();
  };
  for (const std::string& key : keys_without_column(filters, index.columns())) {
    QUIPU_RETURN_IF_ERROR(index.columns().make(key, index.rows(), for_each));
  }
  return Status::ok();
}

Status KVVectorStore::filter(const std::vector<std::string>* ids, const MetadataFilters* filters,
                             std::vector<uint32_t>& passing) const {
  const VectorIndex& index = shared_->index;
  if (filters == nullptr) {
    index.for_each_row(ids, [&](uint32_t row) { passing.push_back(row); });
    return Status::ok();
  }
  FilterRun run(*filters, shared_->index.columns());
  Status failure;
  uint64_t failed_at = UINT64_MAX;  // the reference goes through the nodes in order, and stops there
  index.for_each_row(ids, [&](uint32_t row) {
    const Result<bool> passes = run.passes(row, index.id_of(row));
    if (!passes) {
      if (index.order_of(row) < failed_at) failure = passes.error();
      failed_at = std::min(failed_at, index.order_of(row));
    } else if (*passes) {
      passing.push_back(row);
    }
  });
  if (!failure.is_ok()) std::erase_if(passing, [&](uint32_t row) { return index.order_of(row) > failed_at; });
  return failure;
}

Result<VectorStoreQueryResult> KVVectorStore::query(const VectorStoreQuery& query) const {
  const MetadataFilters* filters = query.filters ? &*query.filters : nullptr;
  if (filters != nullptr) {
    QUIPU_ASSIGN_OR_RETURN(const uint64_t with_metadata, kvstore_->count(metadata_));
    QUIPU_ASSIGN_OR_RETURN(const std::shared_lock<std::shared_mutex> lock, lock_index(nullptr));
    if (with_metadata == 0 && !shared_->index.empty()) {
      return Status::invalid_argument(
          "Cannot filter stores that were persisted without metadata. Please rebuild the store with metadata "
          "to "
          "enable filtering.");
    }
    if (filters->filters.empty()) filters = nullptr;
  }
  QUIPU_ASSIGN_OR_RETURN(const std::shared_lock<std::shared_mutex> lock, lock_index(filters));
  const VectorIndex& index = shared_->index;
  QUIPU_ASSIGN_OR_RETURN(std::optional<VectorStoreQueryResult> found, near(query, filters));
  if (found) return *std::move(found);
  const bool all = filters == nullptr && !query.node_ids;
  const bool mmr = query.mode == VectorStoreQueryMode::MMR;
  std::vector<uint32_t> rows;
  if (!all || mmr) {
    QUIPU_RETURN_IF_ERROR(filter(query.node_ids ? &*query.node_ids : nullptr, filters, rows));
  }
  QUIPU_RETURN_IF_ERROR(check_mode(query.mode));
  const VectorIndex::Fetch fetch_from_store = [this](auto ids, const auto& use) {
    return fetch_vectors(*kvstore_, embeddings_, ids, use);
  };
  if (mmr) {
    index.sort(rows);
    return index.mmr(query.query_embedding, query.similarity_top_k, query.mmr_threshold, query.similarity,
                     rows, fetch_from_store);
  }
  return index.top_k(query.query_embedding, query.similarity_top_k, query.similarity, all ? nullptr : &rows,
                     fetch_from_store);
}

}  // namespace quipu
