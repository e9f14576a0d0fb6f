#include "engine/stores/graph_vectors.h"

#include <mutex>
#include <optional>
#include <unordered_set>

#include "engine/json/number.h"
#include "engine/stores/vector_store_state.h"
#include "engine/vectors/metadata_filter.h"
#include "engine/vectors/vector_search.h"

namespace quipu {
namespace {

// False for a node without an embedding.
bool embedding_of(JsonView node, std::vector<double>& elements) {
  const std::optional<JsonView> embedding = node.find("embedding");
  return embedding && embedding->is_array() && parse_number_array(embedding->text(), elements);
}

JsonView properties_of(JsonView node) {
  return node.find("properties").value_or(JsonView::from_canonical("{}"));
}

}  // namespace

void GraphVectors::set(std::string_view id, std::optional<uint64_t> order, JsonView node) {
  std::vector<double> elements;
  if (!embedding_of(node, elements)) {
    index_.erase(id);
    return;
  }
  index_.put(id, order, elements);
  index_.columns().set(*index_.row_of(id), properties_of(node));
}

void GraphVectors::changed(BaseKVStore& store, const std::vector<std::string>& keys) {
  if (loaded_ && !reload(store, keys).is_ok()) forget();  // and let the next query report what is wrong
}

Status GraphVectors::reload(const BaseKVStore& store, const std::vector<std::string>& keys) {
  const std::vector<std::string_view> ids(keys.begin(), keys.end());
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<Json>> nodes, store.multi_get(ids, nodes_));
  std::vector<std::optional<uint64_t>> order(ids.size());
  if (ordered_) {
    QUIPU_ASSIGN_OR_RETURN(order, store.insertion_order(ids, nodes_));
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!nodes[i]) {
      index_.erase(ids[i]);
      continue;
    }
    const bool was_there = index_.row_of(ids[i]).has_value();
    set(ids[i], order[i], *nodes[i]);
    // Perhaps the node is old, and only its embedding is new: where it stands, a scan tells.
    if (!ordered_ && !was_there && index_.row_of(ids[i])) {
      forget();
      return Status::ok();
    }
  }
  keep_within_budget(store);
  return Status::ok();
}

void GraphVectors::forget() {
  loaded_ = ordered_ = streamed_ = false;
  index_.clear();
}

void GraphVectors::keep_within_budget(const BaseKVStore& store) {
  if (!loaded_ || index_.memory_bytes() <= search_budget(store)) return;
  forget();
  streamed_ = true;
}

Status GraphVectors::load(const BaseKVStore& store) {
  forget();
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan(in_order, nodes_));
  loaded_ = true;
  while (loaded_ && it->next()) {
    const std::optional<uint64_t> order = it->order();
    ordered_ = order.has_value();
    set(it->key(), order, it->val());
    keep_within_budget(store);
  }
  if (!it->status().is_ok()) forget();
  return it->status();
}

Status GraphVectors::make_columns(const BaseKVStore& store, const MetadataFilters& filters) {
  const auto for_each = [&](const std::function<void(uint32_t, JsonView)>& use) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan({}, nodes_));
    while (it->next()) {
      if (const auto row = index_.row_of(it->key())) use(*row, properties_of(it->val()));
    }
    return it->status();
  };
  for (const std::string& key : keys_without_column(filters, index_.columns())) {
    QUIPU_RETURN_IF_ERROR(index_.columns().make(key, index_.rows(), for_each));
  }
  keep_within_budget(store);
  return Status::ok();
}

Status GraphVectors::stream(const BaseKVStore& store, const std::vector<std::string>* node_ids,
                            const MetadataFilters* filters,
                            const std::function<Status(const StreamedVector&)>& use) const {
  std::optional<std::unordered_set<std::string_view>> wanted;
  if (node_ids != nullptr) wanted.emplace(node_ids->begin(), node_ids->end());
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan(in_order, nodes_));
  std::vector<double> elements;
  for (uint64_t order = 0; it->next(); ++order) {
    if ((wanted && !wanted->contains(it->key())) || !embedding_of(it->val(), elements)) continue;
    if (filters != nullptr) {
      QUIPU_ASSIGN_OR_RETURN(const bool passes, filters_match(*filters, it->key(), properties_of(it->val())));
      if (!passes) continue;
    }
    QUIPU_RETURN_IF_ERROR(use({it->key(), order, elements}));
  }
  return it->status();
}

bool GraphVectors::is_ready_for(const MetadataFilters* filters) const {
  if (streamed_) return true;
  return loaded_ && (filters == nullptr || keys_without_column(*filters, index_.columns()).empty());
}

Result<VectorStoreQueryResult> GraphVectors::query(const BaseKVStore& store, const VectorStoreQuery& query) {
  const bool filtered = query.filters && !query.filters->filters.empty();
  const MetadataFilters* const filters = filtered ? &*query.filters : nullptr;
  std::shared_lock reading(mutex_);
  while (!is_ready_for(filters)) {
    reading.unlock();
    {
      std::unique_lock writing(mutex_);
      if (!loaded_ && !streamed_) QUIPU_RETURN_IF_ERROR(load(store));
      if (filters != nullptr && !streamed_) QUIPU_RETURN_IF_ERROR(make_columns(store, *filters));
    }
    reading.lock();
  }
  const bool large_mmr = query.mode == VectorStoreQueryMode::MMR && index_.mmr_bytes() > search_budget(store);
  if (streamed_ || large_mmr) {
    return search_stream(query, [&](const auto& use) {
      return stream(store, query.node_ids ? &*query.node_ids : nullptr, filters, use);
    });
  }
  return search_vectors(index_, query, filters, [&](auto ids, const auto& use) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<Json>> nodes, store.multi_get(ids, nodes_));
    std::vector<double> elements;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (nodes[i] && embedding_of(*nodes[i], elements)) use(i, elements);
    }
    return Status::ok();
  });
}

}  // namespace quipu
