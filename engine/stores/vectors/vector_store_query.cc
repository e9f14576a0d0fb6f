// KVVectorStore: queries, and the index behind them.

#include <algorithm>
#include <atomic>
#include <thread>

#include "engine/stores/vectors/vector_store_state.h"
#include "engine/vectors/vector_search.h"
#include "engine/vectors/vector_stream.h"
#include "quipu/backend/features.h"
#include "quipu/vector_store.h"

namespace quipu {
namespace {

// Queries compare so many vectors that are not in the graph yet, but not more.
constexpr size_t kWaitingAtMost = 512;

}  // namespace

Result<std::shared_lock<std::shared_mutex>> KVVectorStore::lock_index(const MetadataFilters* filters) const {
  while (true) {
    {
      std::shared_lock lock(cache_->mutex);
      const bool has_columns =
          filters == nullptr || keys_without_column(*filters, cache_->index.columns()).empty();
      if (cache_->streamed || (cache_->loaded && has_columns)) return with_few_pending(std::move(lock));
    }
    std::lock_guard writing(cache_->writing);
    QUIPU_RETURN_IF_ERROR(load_index());
    if (filters != nullptr) QUIPU_RETURN_IF_ERROR(make_columns(*filters));
  }
}

// Brings vectors into the graph that transactions have left waiting, unless somebody is at it.
std::shared_lock<std::shared_mutex> KVVectorStore::with_few_pending(
    std::shared_lock<std::shared_mutex> lock) const {
  if (!cache_->hnsw || cache_->hnsw->waiting().size() <= kWaitingAtMost) return lock;
  const std::unique_lock writing(cache_->writing, std::try_to_lock);
  if (!writing.owns_lock()) return lock;
  lock.unlock();
  (void)insert_pending().is_ok();  // those that cannot be brought in are compared exactly, as before
  lock.lock();
  return lock;
}

Status KVVectorStore::load_index() const {
  {
    std::unique_lock lock(cache_->mutex);
    if (cache_->loaded || cache_->streamed) return Status::ok();
    cache_->forget();
    QUIPU_RETURN_IF_ERROR(load_hnsw());
    cache_->loaded = true;
    const auto take = [&](std::string_view id, std::optional<uint64_t> order,
                          std::span<const double> elements) -> Status {
      if (cache_->work != nullptr) QUIPU_RETURN_IF_ERROR(cache_->work->check());
      cache_->index.put(id, order, elements);
      if (cache_->hnsw) cache_->hnsw->adopt(*cache_->index.row_of(id), id, elements);
      cache_->keep_within_budget();
      return cache_->loaded ? Status::ok() : Status::invalid_argument("the index is too large");
    };
    Status taken = for_each_vector(take);
    if (cache_->streamed) return Status::ok();
    if (!taken.is_ok()) {
      cache_->forget();
      return taken;
    }
    if (cache_->hnsw) cache_->hnsw->finish_adoption();
  }
  return insert_pending();
}

Status KVVectorStore::for_each_vector(
    const std::function<Status(std::string_view id, std::optional<uint64_t> order, std::span<const double>)>&
        use) const {
  if (const VectorValues* const vectors = kvstore_->vector_values()) {
    return vectors->scan_vectors(
        embeddings_, [&](const VectorEntry& entry) { return use(entry.key, entry.order, entry.elements); });
  }
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_->scan(in_order, embeddings_));
  std::vector<double> elements;
  while (it->next()) {
    if (!parse_vector_value(it->val(), elements)) {
      return Status::corruption("vector store: the embedding of " + std::string(it->key()) + " is malformed");
    }
    QUIPU_RETURN_IF_ERROR(use(it->key(), it->order(), elements));
  }
  return it->status();
}

Status KVVectorStore::make_columns(const MetadataFilters& filters) const {
  std::unique_lock lock(cache_->mutex);
  if (cache_->streamed) return Status::ok();
  VectorIndex& index = cache_->index;
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
  cache_->keep_within_budget();
  return Status::ok();
}

// Those of a query that count, or null.
Result<const MetadataFilters*> KVVectorStore::filters_of(const VectorStoreQuery& query) const {
  if (!query.filters) return nullptr;
  QUIPU_ASSIGN_OR_RETURN(const uint64_t with_metadata, kvstore_->count(metadata_));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t vectors, kvstore_->count(embeddings_));
  if (with_metadata == 0 && vectors != 0) {
    return Status::invalid_argument(
        "Cannot filter stores that were persisted without metadata. Please rebuild the store with metadata "
        "to "
        "enable filtering.");
  }
  return query.filters->filters.empty() ? nullptr : &*query.filters;
}

Result<VectorStoreQueryResult> KVVectorStore::query(const VectorStoreQuery& query) const {
  QUIPU_ASSIGN_OR_RETURN(const MetadataFilters* const filters, filters_of(query));
  QUIPU_ASSIGN_OR_RETURN(const std::shared_lock<std::shared_mutex> lock, lock_index(filters));
  const bool large_mmr =
      query.mode == VectorStoreQueryMode::MMR && cache_->index.mmr_bytes() > search_budget(*kvstore_);
  if (cache_->streamed || large_mmr) {
    return search_stream(query, [&](const auto& use) {
      return stream(query.node_ids ? &*query.node_ids : nullptr, filters, use);
    });
  }
  QUIPU_ASSIGN_OR_RETURN(std::optional<VectorStoreQueryResult> found, near(query, filters));
  if (found) return *std::move(found);
  return search_vectors(cache_->index, query, filters, [this](auto ids, const auto& use) {
    return fetch_vectors(*kvstore_, embeddings_, ids, use);
  });
}

Result<std::vector<std::pair<std::string, std::vector<double>>>> KVVectorStore::candidates(
    const VectorStoreQuery& query) const {
  QUIPU_ASSIGN_OR_RETURN(const MetadataFilters* const filters, filters_of(query));
  const std::vector<std::string>* const node_ids = query.node_ids ? &*query.node_ids : nullptr;
  QUIPU_ASSIGN_OR_RETURN(const std::shared_lock<std::shared_mutex> lock, lock_index(filters));
  std::vector<std::pair<std::string, std::vector<double>>> vectors;
  if (cache_->streamed) {
    std::vector<std::pair<uint64_t, size_t>> order;
    QUIPU_RETURN_IF_ERROR(stream(node_ids, filters, [&](const StreamedVector& vector) {
      order.emplace_back(vector.order, vectors.size());
      vectors.emplace_back(vector.id, std::vector<double>(vector.elements.begin(), vector.elements.end()));
      return Status::ok();
    }));
    std::ranges::sort(order);
    std::vector<std::pair<std::string, std::vector<double>>> in_order;
    for (const auto& [place, i] : order) in_order.push_back(std::move(vectors[i]));
    return in_order;
  }
  const VectorIndex& index = cache_->index;
  std::vector<uint32_t> rows;
  QUIPU_RETURN_IF_ERROR(filter_rows(index, node_ids, filters, rows));
  index.sort(rows);
  std::vector<std::string_view> ids;
  for (const uint32_t row : rows) ids.push_back(index.id_of(row));
  QUIPU_RETURN_IF_ERROR(
      fetch_vectors(*kvstore_, embeddings_, ids, [&](size_t i, std::span<const double> elements) {
        vectors.emplace_back(ids[i], std::vector<double>(elements.begin(), elements.end()));
      }));
  return vectors;
}

Result<std::vector<VectorStoreQueryResult>> KVVectorStore::query_all(
    std::span<const VectorStoreQuery> queries) const {
  std::vector<Result<VectorStoreQueryResult>> results(queries.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < queries.size(); i = next++) results[i] = query(queries[i]);
  };
  {
    const size_t threads =
        std::min<size_t>(queries.size(), std::max(1U, std::thread::hardware_concurrency()));
    std::vector<std::jthread> others;
    for (size_t i = 1; i < threads; ++i) others.emplace_back(work);
    work();
  }
  std::vector<VectorStoreQueryResult> found;
  for (Result<VectorStoreQueryResult>& result : results) {
    QUIPU_RETURN_IF_ERROR(result.status());
    found.push_back(*std::move(result));
  }
  return found;
}

}  // namespace quipu
