#include "engine/stores/graph_vectors.h"

#include <mutex>

#include "engine/json/number.h"
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

void GraphVectors::set(std::string_view id, JsonView node) {
  std::vector<double> elements;
  if (!embedding_of(node, elements)) {
    index_.erase(id);
    return;
  }
  index_.put(id, elements);
  index_.columns().set(*index_.row_of(id), properties_of(node));
}

void GraphVectors::changed(BaseKVStore& store, const std::vector<std::string>& keys) {
  if (!loaded_) return;
  const std::vector<std::string_view> ids(keys.begin(), keys.end());
  const Result<std::vector<std::optional<Json>>> nodes = store.multi_get(ids, nodes_);
  if (!nodes) return forget();  // and let the next query report what is wrong
  for (size_t i = 0; i < ids.size(); ++i) {
    if ((*nodes)[i]) {
      set(ids[i], *(*nodes)[i]);
    } else {
      index_.erase(ids[i]);
    }
  }
}

void GraphVectors::forget() {
  loaded_ = false;
  index_.clear();
}

Status GraphVectors::load(const BaseKVStore& store) {
  forget();
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan(in_order, nodes_));
  while (it->next()) set(it->key(), it->val());
  QUIPU_RETURN_IF_ERROR(it->status());
  loaded_ = true;
  return Status::ok();
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
  return Status::ok();
}

bool GraphVectors::is_ready_for(const MetadataFilters* filters) const {
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
      if (!loaded_) QUIPU_RETURN_IF_ERROR(load(store));
      if (filters != nullptr) QUIPU_RETURN_IF_ERROR(make_columns(store, *filters));
    }
    reading.lock();
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
