// KVVectorStore: approximate search by a graph. Its options are in the database; the graph itself is in a
// file that is checked against the vectors when it is loaded, so it may be old, damaged or missing.

#include <algorithm>

#include "engine/base/sha256.h"
#include "engine/stores/vectors/vector_store_state.h"
#include "engine/vectors/filters/filter_run.h"
#include "quipu/kv_transaction.h"

namespace quipu {
namespace {

constexpr std::string_view kSettings = "settings";
constexpr size_t kInsertedAtOnce = 512;
// Of so many rows as a sample, so many must pass a filter for the graph to be walked.
constexpr size_t kSample = 200;
constexpr size_t kPassingOfSample = 10;

Json to_json(const HnswOptions& options) {
  return Json::from_canonical("{\"M\": " + std::to_string(options.M) +
                              ", \"ef_construction\": " + std::to_string(options.ef_construction) +
                              ", \"ef\": " + std::to_string(options.ef) + "}");
}

Result<HnswOptions> from_json(JsonView settings) {
  const auto number = [&](std::string_view name) -> size_t {
    const std::optional<JsonView> member = settings.find(name);
    return member && member->text().size() < 10
               ? std::strtoul(std::string(member->text()).c_str(), nullptr, 10)
               : 0;
  };
  const HnswOptions options = {number("M"), number("ef_construction"), number("ef")};
  if (!check_hnsw_options(options).is_ok()) {
    return Status::corruption("vector store: the stored HNSW options are malformed: " +
                              std::string(settings.text()));
  }
  return options;
}

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

Status KVVectorStore::use_hnsw(const HnswOptions& options, const ProgressCallback& progress) {
  QUIPU_RETURN_IF_ERROR(check_hnsw_options(options));
  if (dynamic_cast<KVTransaction*>(kvstore_.get()) != nullptr) {
    return Status::not_supported("use_hnsw is not part of a transaction");
  }
  std::lock_guard writing(cache_->writing);
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> before, kvstore_->get(kSettings, hnsw_));
  Status made = watch(progress, embeddings_, [&](Work& work) {
    cache_->work = &work;
    return make_hnsw(options);
  });
  cache_->work = nullptr;
  if (made.is_ok()) return made;
  QUIPU_RETURN_IF_ERROR(before ? kvstore_->put(kSettings, *before, hnsw_)
                               : kvstore_->drop_collection(hnsw_).status());
  std::unique_lock lock(cache_->mutex);
  cache_->forget();
  return made;
}

Status KVVectorStore::make_hnsw(const HnswOptions& options) {
  QUIPU_RETURN_IF_ERROR(load_index());
  QUIPU_RETURN_IF_ERROR(check_graph_fits(options));
  QUIPU_RETURN_IF_ERROR(kvstore_->put(kSettings, to_json(options), hnsw_));
  {
    std::unique_lock lock(cache_->mutex);
    cache_->forget();
  }
  QUIPU_RETURN_IF_ERROR(load_index());
  return save_hnsw();
}

Status KVVectorStore::check_graph_fits(const HnswOptions& options) const {
  const uint64_t budget = search_budget(*kvstore_);
  const VectorIndex& index = cache_->index;
  const bool fits =
      !cache_->streamed &&
      index.memory_bytes() + HnswIndex::expected_bytes(index.size(), index.dimensions(), options) <= budget;
  if (fits) return Status::ok();
  return Status::invalid_argument("vector store " + ns_ + ": a graph over its vectors would be larger than " +
                                  "search_memory_bytes, " + std::to_string(budget));
}

Status KVVectorStore::drop_hnsw() {
  std::lock_guard writing(cache_->writing);
  QUIPU_RETURN_IF_ERROR(kvstore_->delete_(kSettings, hnsw_).status());
  std::unique_lock lock(cache_->mutex);
  cache_->hnsw.reset();
  QUIPU_ASSIGN_OR_RETURN(const std::string path, hnsw_path());
  return path.empty() ? Status::ok() : remove_hnsw_file(path);
}

Result<std::optional<HnswOptions>> KVVectorStore::hnsw() const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> settings, kvstore_->get(kSettings, hnsw_));
  if (!settings) return std::optional<HnswOptions>();
  QUIPU_ASSIGN_OR_RETURN(const HnswOptions options, from_json(*settings));
  return std::optional(options);
}

// A name from a user is no file name; its hash is.
Result<std::string> KVVectorStore::hnsw_path() const {
  QUIPU_ASSIGN_OR_RETURN(std::string path, kvstore_->index_directory());
  if (!path.empty()) path += "/" + sha256_hex(ns_).substr(0, 32) + ".hnsw";
  return path;
}

Status KVVectorStore::load_hnsw() const {
  if (dynamic_cast<const KVTransaction*>(kvstore_.get()) != nullptr) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::optional<HnswOptions> options, hnsw());
  if (!options) return Status::ok();
  cache_->hnsw.emplace(*options);
  QUIPU_ASSIGN_OR_RETURN(const std::string path, hnsw_path());
  // Without a file that can be used, every vector waits for a graph to be made.
  if (path.empty()) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::optional<uint64_t> size, local_file_system().file_size(path));
  if (size && *size > search_budget(*kvstore_)) {
    cache_->hnsw.reset();  // and queries are exact
  } else {
    (void)cache_->hnsw->load(path).is_ok();
  }
  return Status::ok();
}

Status KVVectorStore::insert_pending() const {
  if (!cache_->hnsw) return Status::ok();
  HnswIndex& hnsw = *cache_->hnsw;
  if (hnsw.needs_rebuild()) {
    std::unique_lock lock(cache_->mutex);
    hnsw.reset();
  }
  Work* const work = cache_->work;
  if (work != nullptr) work->expect(hnsw.waiting().size() * cache_->index.dimensions() * sizeof(float));
  while (!hnsw.waiting().empty()) {
    std::vector<uint32_t> rows(hnsw.waiting().begin(), hnsw.waiting().end());
    std::ranges::sort(rows);
    rows.resize(std::min(rows.size(), kInsertedAtOnce));
    std::vector<std::string_view> ids;
    ids.reserve(rows.size());
    for (const uint32_t row : rows) ids.push_back(cache_->index.id_of(row));
    std::vector<std::vector<double>> vectors(rows.size());
    QUIPU_RETURN_IF_ERROR(
        fetch_vectors(*kvstore_, embeddings_, ids, [&](size_t i, std::span<const double> elements) {
          vectors[i].assign(elements.begin(), elements.end());
        }));
    std::unique_lock lock(cache_->mutex);
    QUIPU_RETURN_IF_ERROR(hnsw.insert(rows, vectors, cache_->work));
    cache_->keep_within_budget();
    if (cache_->streamed) return Status::ok();
  }
  return hnsw.wants_saving() && work == nullptr ? save_hnsw() : Status::ok();
}

Status KVVectorStore::save_hnsw() const {
  if (kvstore_->capabilities().read_only) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::string path, hnsw_path());
  if (path.empty()) return Status::ok();
  std::shared_lock lock(cache_->mutex);
  if (!cache_->hnsw) return Status::ok();
  return cache_->hnsw->save(
      path, [this](uint32_t row) { return cache_->index.id_of(row); }, cache_->work);
}

Result<std::optional<VectorStoreQueryResult>> KVVectorStore::near(const VectorStoreQuery& query,
                                                                  const MetadataFilters* filters) const {
  const std::optional<VectorStoreQueryResult> unknown;
  const bool fits = cache_->hnsw && query.mode == VectorStoreQueryMode::DEFAULT &&
                    query.similarity == SimilarityMode::DEFAULT && !query.node_ids &&
                    query.similarity_top_k > 0;
  if (!fits) return unknown;
  const VectorIndex& index = cache_->index;
  const auto k = static_cast<size_t>(query.similarity_top_k);
  std::optional<FilterRun> run;
  bool failed = false;
  const std::function<bool(uint32_t)> allowed = [&](uint32_t row) {
    const Result<bool> passes = run->passes(row, index.id_of(row));
    failed = failed || !passes;
    return passes && *passes;
  };
  if (filters != nullptr) {
    run.emplace(*filters, cache_->index.columns());
    if (!passes_often(*run, index, index.sample(kSample))) return unknown;
  }
  const auto near = cache_->hnsw->search(query.query_embedding, k, run ? &allowed : nullptr);
  if (!near || failed) return unknown;
  std::vector<std::pair<double, std::string>> best;
  for (const HnswIndex::Found& found : *near) best.emplace_back(found.similarity, index.id_of(found.row));
  if (!cache_->hnsw->waiting().empty()) {
    std::vector<uint32_t> waiting;
    std::ranges::copy_if(cache_->hnsw->waiting(), std::back_inserter(waiting),
                         [&](uint32_t row) { return !run || allowed(row); });
    QUIPU_ASSIGN_OR_RETURN(const VectorStoreQueryResult exact,
                           index.top_k(query.query_embedding, query.similarity_top_k, query.similarity,
                                       &waiting, [this](auto ids, const auto& use) {
                                         return fetch_vectors(*kvstore_, embeddings_, ids, use);
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

}  // namespace quipu
