#include "engine/stores/vectors/hnsw_manager.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/base/sha256.h"
#include "quipu/backend/features.h"

namespace quipu {
namespace {

constexpr std::string_view kSettings = "settings";
constexpr size_t kInsertedAtOnce = 512;

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

}  // namespace

Result<std::optional<Json>> HnswManager::json() const {
  return store_.kvstore->get(kSettings, store_.collections.hnsw);
}

Result<std::optional<HnswOptions>> HnswManager::options() const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> settings, json());
  if (!settings) return std::optional<HnswOptions>();
  QUIPU_ASSIGN_OR_RETURN(const HnswOptions options, from_json(*settings));
  return std::optional(options);
}

Status HnswManager::set_options(const HnswOptions& options) const {
  return store_.kvstore->put(kSettings, to_json(options), store_.collections.hnsw);
}

Status HnswManager::restore(const std::optional<Json>& json) const {
  return json ? store_.kvstore->put(kSettings, *json, store_.collections.hnsw)
              : store_.kvstore->drop_collection(store_.collections.hnsw).status();
}

Status HnswManager::check_fits(const HnswOptions& options) const {
  const uint64_t budget = store_.kvstore->search_memory_bytes();
  const VectorIndex& index = cache_.index;
  const bool fits =
      !cache_.streamed &&
      index.memory_bytes() + HnswIndex::expected_bytes(index.size(), index.dimensions(), options) <= budget;
  if (fits) return Status::ok();
  return Status::invalid_argument("vector store " + store_.ns +
                                  ": a graph over its vectors would be larger than " +
                                  "search_memory_bytes, " + std::to_string(budget));
}

// A name from a user is no file name; its hash is.
Result<std::string> HnswManager::path() const {
  QUIPU_ASSIGN_OR_RETURN(std::string directory, store_.kvstore->index_directory());
  if (!directory.empty()) directory += "/" + sha256_hex(store_.ns).substr(0, 32) + ".hnsw";
  return directory;
}

Status HnswManager::load() const {
  if (store_.kvstore->capabilities().in_transaction) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::optional<HnswOptions> options, this->options());
  if (!options) return Status::ok();
  cache_.hnsw.emplace(*options);
  QUIPU_ASSIGN_OR_RETURN(const std::string path, this->path());
  // Without a file that can be used, every vector is a pending insert of a new graph.
  if (path.empty()) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::optional<uint64_t> size, local_file_system().file_size(path));
  if (size && *size > store_.kvstore->search_memory_bytes()) {
    cache_.hnsw.reset();  // and queries are exact
  } else {
    (void)cache_.hnsw->load(path).is_ok();
  }
  return Status::ok();
}

Status HnswManager::insert_pending() const {
  if (!cache_.hnsw) return Status::ok();
  HnswIndex& hnsw = *cache_.hnsw;
  if (hnsw.needs_rebuild()) {
    std::unique_lock lock(cache_.mutex);
    hnsw.reset();
  }
  Work* const work = cache_.work;
  if (work != nullptr) work->expect(hnsw.pending().size() * cache_.index.dimensions() * sizeof(float));
  while (!hnsw.pending().empty()) {
    std::vector<uint32_t> rows(hnsw.pending().begin(), hnsw.pending().end());
    std::ranges::sort(rows);
    rows.resize(std::min(rows.size(), kInsertedAtOnce));
    std::vector<std::string_view> ids;
    ids.reserve(rows.size());
    for (const uint32_t row : rows) ids.push_back(cache_.index.id_of(row));
    std::vector<std::vector<double>> vectors(rows.size());
    QUIPU_RETURN_IF_ERROR(store_.kvstore->vector_values().get_vectors(
        store_.collections.embeddings, ids, [&](size_t i, std::span<const double> elements) {
          vectors[i].assign(elements.begin(), elements.end());
        }));
    std::unique_lock lock(cache_.mutex);
    QUIPU_RETURN_IF_ERROR(hnsw.insert(rows, vectors, cache_.work));
    cache_.keep_within_budget();
    if (cache_.streamed) return Status::ok();
  }
  return hnsw.wants_saving() && work == nullptr ? save() : Status::ok();
}

Status HnswManager::save() const {
  if (store_.kvstore->capabilities().read_only) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::string path, this->path());
  if (path.empty()) return Status::ok();
  std::shared_lock lock(cache_.mutex);
  if (!cache_.hnsw) return Status::ok();
  return cache_.hnsw->save(
      path, [this](uint32_t row) { return cache_.index.id_of(row); }, cache_.work);
}

Status HnswManager::drop() const {
  QUIPU_RETURN_IF_ERROR(store_.kvstore->delete_(kSettings, store_.collections.hnsw).status());
  std::unique_lock lock(cache_.mutex);
  cache_.hnsw.reset();
  const Result<bool> current = cache_.is_current(*store_.kvstore);
  if (!current || !*current) cache_.forget();
  QUIPU_ASSIGN_OR_RETURN(const std::string path, this->path());
  return path.empty() ? Status::ok() : remove_hnsw_file(path);
}

}  // namespace quipu
