#include "engine/stores/vectors/vector_reader.h"

#include <algorithm>

#include "engine/stores/vectors/index_cache.h"
#include "engine/vectors/filters/metadata_filter.h"
#include "engine/vectors/vector_stream.h"
#include "quipu/backend/features.h"

namespace quipu {
namespace {

constexpr size_t kReadAtOnce = 256;

// The values of a collection at keys that only grow.
class Follower {
 public:
  static Result<Follower> start(const BaseKVStore& store, std::string_view collection) {
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> it, store.scan({}, collection));
    return Follower(std::move(it));
  }
  // The value lives until the next call.
  Result<std::optional<JsonView>> at(std::string_view key) {
    while (more_ && (!started_ || it_->key() < key)) {
      started_ = true;
      more_ = it_->next();
    }
    if (!more_) QUIPU_RETURN_IF_ERROR(it_->status());
    return more_ && it_->key() == key ? std::optional(it_->val()) : std::nullopt;
  }

 private:
  explicit Follower(std::unique_ptr<KVIterator> it) : it_(std::move(it)) {}

  std::unique_ptr<KVIterator> it_;
  bool started_ = false;
  bool more_ = true;
};

using Use = std::function<Status(const StreamedVector&)>;

Status use_if_passing(const StreamedVector& vector, const MetadataFilters* filters,
                      const std::optional<JsonView>& metadata, const Use& use) {
  if (filters != nullptr) {
    QUIPU_ASSIGN_OR_RETURN(const bool passes, filters_match(*filters, vector.id, metadata));
    if (!passes) return Status::ok();
  }
  return use(vector);
}

// REQUIRES: at most kReadAtOnce keys.
Status stream_some(const BaseKVStore& store, const VectorCollections& collections,
                   std::span<const std::string_view> keys, const MetadataFilters* filters, const Use& use) {
  QUIPU_ASSIGN_OR_RETURN(const auto orders, store.insertion_order(keys, collections.embeddings));
  std::vector<std::optional<Json>> metadata(keys.size());
  if (filters != nullptr) {
    QUIPU_ASSIGN_OR_RETURN(metadata, store.multi_get(keys, collections.metadata));
  }
  Status used;
  QUIPU_RETURN_IF_ERROR(store.vector_values().get_vectors(
      collections.embeddings, keys, [&](size_t i, std::span<const double> elements) {
        if (!used.is_ok()) return;
        const auto of_row = metadata[i] ? std::optional<JsonView>(*metadata[i]) : std::nullopt;
        used = use_if_passing({keys[i], orders[i].value_or(0), elements}, filters, of_row, use);
      }));
  return used;
}

}  // namespace

Status stream_vectors(const BaseKVStore& store, const VectorCollections& collections,
                      const std::vector<std::string>* node_ids, const MetadataFilters* filters,
                      const std::function<Status(const StreamedVector&)>& use) {
  if (node_ids != nullptr) {
    std::vector<std::string_view> keys(node_ids->begin(), node_ids->end());
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (size_t begin = 0; begin < keys.size(); begin += kReadAtOnce) {
      const auto some = std::span(keys).subspan(begin, std::min(kReadAtOnce, keys.size() - begin));
      QUIPU_RETURN_IF_ERROR(stream_some(store, collections, some, filters, use));
    }
    return Status::ok();
  }
  std::optional<Follower> metadata;
  if (filters != nullptr) {
    QUIPU_ASSIGN_OR_RETURN(metadata, Follower::start(store, collections.metadata));
  }
  return store.vector_values().scan_vectors(collections.embeddings, [&](const VectorEntry& entry) -> Status {
    std::optional<JsonView> of_row;
    if (metadata) {
      QUIPU_ASSIGN_OR_RETURN(of_row, metadata->at(entry.key));
    }
    return use_if_passing({entry.key, entry.order, entry.elements}, filters, of_row, use);
  });
}

}  // namespace quipu
