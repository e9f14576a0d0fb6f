#include "engine/stores/vectors/vector_searcher.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <limits>
#include <shared_mutex>
#include <thread>

#include "engine/base/threads.h"
#include "engine/stores/vectors/vector_reader.h"
#include "engine/vectors/filters/filter_run.h"
#include "engine/vectors/stored/code_stream.h"
#include "engine/vectors/vector_search.h"
#include "quipu/backend/features.h"
#include "quipu/backend/vector_codes.h"

namespace quipu {
namespace {

// Of so many rows as a sample, so many must pass a filter for the graph to be walked.
constexpr size_t kSample = 200;
constexpr size_t kPassingOfSample = 10;
// Where others delete vectors during each of so many searches, the last one counts.
constexpr int kSearchesAtMost = 3;
// With more node ids all vectors are looked at.
constexpr size_t kIdsAtMost = 4096;
// So many queries go over the index together: what each of them needs stays in the processor's cache.
constexpr size_t kTogetherAtMost = 128;
// An index of fewer vectors is loaded about as fast as their codes are read.
constexpr uint64_t kManyVectors = 16384;

// Whether a filter lets enough rows pass for a walk through the graph to find some; an error counts as no.
bool passes_often(FilterRun& run, const VectorIndex& index, const std::vector<uint32_t>& sample) {
  size_t passing = 0;
  for (const uint32_t row : sample) {
    const Result<bool> passes = run.passes(row, index.id_of(row));
    if (!passes) return false;
    if (*passes) ++passing;
  }
  return passing * kSample >= kPassingOfSample * sample.size();
}

}  // namespace

// The filters of a query that count, or null.
Result<const MetadataFilters*> VectorSearcher::filters_of(const VectorStoreQuery& query) const {
  if (!query.filters) return nullptr;
  QUIPU_ASSIGN_OR_RETURN(const uint64_t with_metadata, store_.kvstore->count(store_.collections.metadata));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t vectors, store_.kvstore->count(store_.collections.embeddings));
  if (with_metadata == 0 && vectors != 0) {
    return Status::invalid_argument(
        "Cannot filter stores that were persisted without metadata. Please rebuild the store with metadata "
        "to "
        "enable filtering.");
  }
  return query.filters->filters.empty() ? nullptr : &*query.filters;
}

Result<VectorStoreQueryResult> VectorSearcher::query(const VectorStoreQuery& query) const {
  QUIPU_ASSIGN_OR_RETURN(const MetadataFilters* const filters, filters_of(query));
  const bool of_all = filters == nullptr && !query.node_ids && query.mode == VectorStoreQueryMode::DEFAULT;
  if (query.mode == VectorStoreQueryMode::DEFAULT) {
    QUIPU_ASSIGN_OR_RETURN(std::optional<VectorStoreQueryResult> found, near_by_partitions(query, filters));
    if (!found && of_all) {
      QUIPU_ASSIGN_OR_RETURN(found, first_by_codes(query));
    }
    if (found) return *std::move(found);
  }
  bool needs_index = !of_all;
  for (int left = kSearchesAtMost - 1;; --left) {
    QUIPU_ASSIGN_OR_RETURN(const std::shared_lock<std::shared_mutex> lock, index_.lock(filters, needs_index));
    bool gone = false;
    if (of_all && (cache_.codes || cache_.streamed)) {
      QUIPU_ASSIGN_OR_RETURN(std::optional<VectorStoreQueryResult> found, search_by_codes(query, gone));
      if (found) return *std::move(found);
    }
    if (cache_.codes) {
      needs_index = !gone || left <= 1;
      continue;
    }
    Result<VectorStoreQueryResult> found = search(query, filters, gone);
    if (!gone || left <= 0) return found;
    QUIPU_ASSIGN_OR_RETURN(const bool current, cache_.is_current(*store_.kvstore));
    if (current) return found;
  }
}

Result<std::shared_lock<std::shared_mutex>> VectorSearcher::lock_partitions(
    const MetadataFilters* filters) const {
  std::shared_lock lock(cache_.mutex);
  if (!cache_.knows_partitions) {
    const bool exact = cache_.loaded;  // without partitions the query is exact, and waits for nobody
    lock.unlock();
    {
      std::unique_lock writing(cache_.writing, std::defer_lock);
      if (!exact) writing.lock();
      if (writing.owns_lock() || writing.try_lock()) QUIPU_RETURN_IF_ERROR(index_.load_partitions());
    }
    lock.lock();
  }
  const auto knows = [&] { return cache_.filtered && cache_.filtered->knows(*filters); };
  if (filters != nullptr && cache_.partitions && !knows()) {
    lock.unlock();
    {
      const std::lock_guard writing(cache_.writing);
      const std::unique_lock alone(cache_.mutex);
      if (!cache_.filtered) cache_.filtered.emplace();
      QUIPU_RETURN_IF_ERROR(cache_.filtered->learn(*store_.kvstore, store_.collections, *filters));
    }
    lock.lock();
  }
  return lock;
}

Result<std::optional<VectorStoreQueryResult>> VectorSearcher::near_by_partitions(
    const VectorStoreQuery& query, const MetadataFilters* filters) const {
  std::optional<VectorStoreQueryResult> found;
  QUIPU_ASSIGN_OR_RETURN(const std::shared_lock<std::shared_mutex> lock, lock_partitions(filters));
  const TopKQuery wanted{query.query_embedding, query.similarity_top_k, query.similarity};
  if (!cache_.partitions || !check_query(query).is_ok() || !cache_.partitions->answers(wanted)) return found;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<CodeReader> codes,
                         store_.kvstore->vector_values().codes(store_.collections.embeddings));
  if (!codes) return found;
  std::shared_ptr<const FilteredRows::Passing> passing;
  if (filters != nullptr) {
    // Where it is not known of all vectors whether they pass, a search of all tells what is wrong.
    if (!cache_.filtered || cache_.filtered->size() != codes->count()) return found;
    passing = cache_.filtered->passing(*filters);
    if (!passing) return found;
  }
  if (query.node_ids) return nearest_of_ids(query, passing.get());
  Result<VectorStoreQueryResult> near = cache_.partitions->top_k(wanted, *codes, passing.get());
  if (near) return std::optional(*std::move(near));
  if (near.error().code() == StatusCode::kCorruption) return found;  // the vectors tell
  return near.error();
}

Result<std::optional<VectorStoreQueryResult>> VectorSearcher::first_by_codes(
    const VectorStoreQuery& query) const {
  std::optional<VectorStoreQueryResult> found;
  {
    const std::shared_lock lock(cache_.mutex);
    if (cache_.loaded || cache_.streamed || cache_.asked.exchange(true)) return found;
  }
  if (!check_query(query).is_ok()) return found;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<CodeReader> codes,
                         store_.kvstore->vector_values().codes(store_.collections.embeddings));
  if (!codes || codes->count() < kManyVectors) return found;
  Result<std::optional<VectorStoreQueryResult>> searched = search_codes(
      {query.query_embedding, query.similarity_top_k, query.similarity}, *codes, store_.reading_threads());
  if (!searched && searched.error().code() == StatusCode::kCorruption) return found;  // the vectors tell
  return searched;
}

Result<std::optional<VectorStoreQueryResult>> VectorSearcher::nearest_of_ids(
    const VectorStoreQuery& query, const FilteredRows::Passing* passing) const {
  const std::string& embeddings = store_.collections.embeddings;
  std::vector<std::string_view> ids(query.node_ids->begin(), query.node_ids->end());
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  if (ids.size() > kIdsAtMost) return std::optional<VectorStoreQueryResult>();
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<uint64_t>> orders,
                         store_.kvstore->insertion_order(ids, embeddings));
  std::vector<NamedCandidate> candidates;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!orders[i] || (passing != nullptr && !passing->contains(*orders[i]))) continue;
    candidates.push_back({std::numeric_limits<double>::infinity(), *orders[i], ids[i]});
  }
  const TopKQuery wanted{query.query_embedding, query.similarity_top_k, query.similarity};
  QUIPU_ASSIGN_OR_RETURN(const std::vector<ScoredId> best,
                         best_vectors(wanted, std::move(candidates), [&](auto some, const auto& use) {
                           return store_.kvstore->vector_values().get_vectors(embeddings, some, use);
                         }));
  return std::optional(to_result(best));
}

Result<std::optional<VectorStoreQueryResult>> VectorSearcher::search_by_codes(const VectorStoreQuery& query,
                                                                              bool& gone) const {
  std::optional<VectorStoreQueryResult> found;
  QUIPU_RETURN_IF_ERROR(check_query(query));
  const TopKQuery wanted{query.query_embedding, query.similarity_top_k, query.similarity};
  if (cache_.codes && !cache_.codes->answers(wanted)) return found;
  const auto codes = store_.kvstore->vector_values().codes(store_.collections.embeddings);
  if (codes && !*codes) return found;
  Result<std::optional<VectorStoreQueryResult>> searched = found;
  if (codes)
    searched = cache_.codes ? cache_.codes->top_k(wanted, **codes, gone) : search_codes(wanted, **codes, 1);
  const StatusCode code = !codes ? codes.error().code() : searched.status().code();
  if (code == StatusCode::kCorruption) return found;  // the vectors tell
  return codes ? std::move(searched) : codes.error();
}

Result<VectorStoreQueryResult> VectorSearcher::search(const VectorStoreQuery& query,
                                                      const MetadataFilters* filters, bool& gone) const {
  const bool large_mmr = query.mode == VectorStoreQueryMode::MMR &&
                         cache_.index.mmr_bytes() > store_.kvstore->search_memory_bytes();
  if (cache_.streamed || large_mmr) {
    return search_stream(query, [&](const auto& use) {
      return stream_vectors(*store_.kvstore, store_.collections, query.node_ids ? &*query.node_ids : nullptr,
                            filters, use);
    });
  }
  QUIPU_ASSIGN_OR_RETURN(std::optional<VectorStoreQueryResult> found, near(query, filters));
  if (found) return *std::move(found);
  return search_vectors(cache_.index, query, filters, fetch(gone));
}

VectorIndex::Fetch VectorSearcher::fetch(bool& gone) const {
  const auto stored = [this, &gone](auto ids, const auto& use) {
    size_t fetched = 0;
    const Status read = store_.kvstore->vector_values().get_vectors(
        store_.collections.embeddings, ids, [&](size_t i, std::span<const double> elements) {
          ++fetched;
          use(i, elements);
        });
    gone = gone || fetched < ids.size();
    return read;
  };
  return [this, stored](auto ids, const auto& use) { return cache_.kept.fetch(ids, use, stored); };
}

Result<std::optional<VectorStoreQueryResult>> VectorSearcher::near(const VectorStoreQuery& query,
                                                                   const MetadataFilters* filters) const {
  const std::optional<VectorStoreQueryResult> unknown;
  const bool fits = cache_.hnsw && query.mode == VectorStoreQueryMode::DEFAULT &&
                    query.similarity == SimilarityMode::DEFAULT && !query.node_ids &&
                    query.similarity_top_k > 0;
  if (!fits) return unknown;
  const VectorIndex& index = cache_.index;
  const auto k = static_cast<size_t>(query.similarity_top_k);
  std::optional<FilterRun> run;
  bool failed = false;
  const std::function<bool(uint32_t)> allowed = [&](uint32_t row) {
    const Result<bool> passes = run->passes(row, index.id_of(row));
    failed = failed || !passes;
    return passes && *passes;
  };
  if (filters != nullptr) {
    run.emplace(*filters, cache_.index.columns());
    if (!passes_often(*run, index, index.sample(kSample))) return unknown;
  }
  const auto near = cache_.hnsw->search(query.query_embedding, k, run ? &allowed : nullptr);
  if (!near || failed) return unknown;
  std::vector<std::pair<double, std::string>> best;
  for (const HnswIndex::Found& found : *near) best.emplace_back(found.similarity, index.id_of(found.row));
  if (!cache_.hnsw->pending().empty()) {
    std::vector<uint32_t> pending;
    std::ranges::copy_if(cache_.hnsw->pending(), std::back_inserter(pending),
                         [&](uint32_t row) { return !run || allowed(row); });
    QUIPU_ASSIGN_OR_RETURN(const VectorStoreQueryResult exact,
                           index.top_k({query.query_embedding, query.similarity_top_k, query.similarity},
                                       &pending, [this](auto ids, const auto& use) {
                                         return store_.kvstore->vector_values().get_vectors(
                                             store_.collections.embeddings, ids, use);
                                       }));
    for (size_t i = 0; i < exact.ids.size(); ++i) best.emplace_back(exact.similarities[i], exact.ids[i]);
    std::ranges::stable_sort(best, std::greater(), [](const auto& one) { return one.first; });
  }
  if (failed || best.size() < std::min(k, index.size())) return unknown;
  VectorStoreQueryResult result;
  for (size_t i = 0; i < std::min(k, best.size()); ++i) {
    result.ids.push_back(std::move(best[i].second));
    result.similarities.push_back(best[i].first);
  }
  return std::optional(std::move(result));
}

Result<std::vector<std::string_view>> VectorSearcher::candidates_of_index(
    const VectorStoreQuery& query, const MetadataFilters* filters) const {
  const VectorIndex& index = cache_.index;
  std::vector<uint32_t> rows;
  QUIPU_RETURN_IF_ERROR(filter_rows(index, query.node_ids ? &*query.node_ids : nullptr, filters, rows));
  index.sort(rows);
  std::vector<std::string_view> ids;
  for (const uint32_t row : rows) ids.push_back(index.id_of(row));
  return ids;
}

Result<std::vector<std::string>> VectorSearcher::candidate_ids(const VectorStoreQuery& query) const {
  QUIPU_ASSIGN_OR_RETURN(const MetadataFilters* const filters, filters_of(query));
  QUIPU_ASSIGN_OR_RETURN(const std::shared_lock<std::shared_mutex> lock, index_.lock(filters, true));
  if (!cache_.streamed) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string_view> ids, candidates_of_index(query, filters));
    return std::vector<std::string>(ids.begin(), ids.end());
  }
  std::vector<std::pair<uint64_t, std::string>> order;
  QUIPU_RETURN_IF_ERROR(stream_vectors(*store_.kvstore, store_.collections,
                                       query.node_ids ? &*query.node_ids : nullptr, filters,
                                       [&](const StreamedVector& vector) {
                                         order.emplace_back(vector.order, vector.id);
                                         return Status::ok();
                                       }));
  std::ranges::sort(order);
  std::vector<std::string> ids;
  for (auto& [place, id] : order) ids.push_back(std::move(id));
  return ids;
}

Result<std::vector<std::pair<std::string, std::vector<double>>>> VectorSearcher::candidates(
    const VectorStoreQuery& query) const {
  QUIPU_ASSIGN_OR_RETURN(const MetadataFilters* const filters, filters_of(query));
  QUIPU_ASSIGN_OR_RETURN(const std::shared_lock<std::shared_mutex> lock, index_.lock(filters, true));
  std::vector<std::pair<std::string, std::vector<double>>> vectors;
  if (cache_.streamed) {
    const std::vector<std::string>* const node_ids = query.node_ids ? &*query.node_ids : nullptr;
    std::vector<std::pair<uint64_t, size_t>> order;
    QUIPU_RETURN_IF_ERROR(stream_vectors(
        *store_.kvstore, store_.collections, node_ids, filters, [&](const StreamedVector& vector) {
          order.emplace_back(vector.order, vectors.size());
          vectors.emplace_back(vector.id,
                               std::vector<double>(vector.elements.begin(), vector.elements.end()));
          return Status::ok();
        }));
    std::ranges::sort(order);
    std::vector<std::pair<std::string, std::vector<double>>> in_order;
    for (const auto& [place, i] : order) in_order.push_back(std::move(vectors[i]));
    return in_order;
  }
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string_view> ids, candidates_of_index(query, filters));
  QUIPU_RETURN_IF_ERROR(store_.kvstore->vector_values().get_vectors(
      store_.collections.embeddings, ids, [&](size_t i, std::span<const double> elements) {
        vectors.emplace_back(ids[i], std::vector<double>(elements.begin(), elements.end()));
      }));
  return vectors;
}

std::vector<bool> VectorSearcher::query_together(std::span<const VectorStoreQuery> queries,
                                                 std::span<Result<VectorStoreQueryResult>> results,
                                                 size_t threads) const {
  std::vector<bool> answered(queries.size());
  std::vector<size_t> places;
  std::vector<const VectorStoreQuery*> together;
  for (size_t i = 0; i < queries.size(); ++i) {
    const VectorStoreQuery& query = queries[i];
    if (query.filters || query.node_ids || query.mode != VectorStoreQueryMode::DEFAULT) continue;
    places.push_back(i);
    together.push_back(&query);
  }
  if (together.empty()) return answered;
  {
    const Result<std::shared_lock<std::shared_mutex>> near = lock_partitions(nullptr);
    if (!near || cache_.partitions) return answered;
  }
  const Result<std::shared_lock<std::shared_mutex>> lock = index_.lock(nullptr, false);
  if (!lock || cache_.streamed || cache_.hnsw) return answered;
  bool gone = false;
  std::vector<Result<VectorStoreQueryResult>> found =
      cache_.codes ? codes_together(places, together, gone, threads)
                   : search_together(cache_.index, together, fetch(gone), threads);
  if (gone) return answered;
  for (size_t i = 0; i < places.size(); ++i) {
    results[places[i]] = std::move(found[i]);
    answered[places[i]] = true;
  }
  return answered;
}

std::vector<Result<VectorStoreQueryResult>> VectorSearcher::codes_together(
    std::vector<size_t>& places, std::span<const VectorStoreQuery* const> queries, bool& gone,
    size_t threads) const {
  std::vector<Result<VectorStoreQueryResult>> results;
  std::vector<size_t> of_codes;
  std::vector<TopKQuery> wanted;
  for (size_t i = 0; i < queries.size(); ++i) {
    const VectorStoreQuery& query = *queries[i];
    const TopKQuery each{query.query_embedding, query.similarity_top_k, query.similarity};
    if (!check_query(query).is_ok() || !cache_.codes->answers(each)) continue;
    of_codes.push_back(places[i]);
    wanted.push_back(each);
  }
  places.clear();
  const auto codes = store_.kvstore->vector_values().codes(store_.collections.embeddings);
  if (!codes || !*codes) return results;
  auto found = cache_.codes->top_k_all(wanted, **codes, gone, threads);
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i] || !*found[i]) continue;
    places.push_back(of_codes[i]);
    results.emplace_back(**std::move(found[i]));
  }
  return results;
}

void VectorSearcher::query_some(std::span<const VectorStoreQuery> queries,
                                std::span<Result<VectorStoreQueryResult>> results, size_t threads) const {
  const std::vector<bool> answered = query_together(queries, results, threads);
  for (size_t i = 0; i < queries.size(); ++i) {
    if (!answered[i]) results[i] = query(queries[i]);
  }
}

Result<std::vector<VectorStoreQueryResult>> VectorSearcher::query_all(
    std::span<const VectorStoreQuery> queries) const {
  std::vector<Result<VectorStoreQueryResult>> results(queries.size());
  // A transaction is for one thread at a time.
  const bool alone = store_.kvstore->capabilities().in_transaction;
  const size_t processors = alone ? 1 : std::max(1U, std::thread::hardware_concurrency());
  const size_t together = std::clamp<size_t>(queries.size() / processors, 1, kTogetherAtMost);
  const size_t threads = std::min(queries.size(), processors);
  std::atomic<size_t> next = 0;
  run_on_threads(threads, [&] {
    for (size_t begin = next.fetch_add(together); begin < queries.size(); begin = next.fetch_add(together)) {
      const size_t count = std::min(together, queries.size() - begin);
      query_some(queries.subspan(begin, count), std::span(results).subspan(begin, count),
                 processors / threads);
    }
  });
  std::vector<VectorStoreQueryResult> found;
  for (Result<VectorStoreQueryResult>& result : results) {
    QUIPU_RETURN_IF_ERROR(result.status());
    found.push_back(*std::move(result));
  }
  return found;
}

}  // namespace quipu
