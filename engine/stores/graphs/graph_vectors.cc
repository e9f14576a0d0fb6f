#include "engine/stores/graphs/graph_vectors.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "engine/layout/entity_vectors.h"
#include "engine/layout/storage_layout.h"
#include "engine/stores/vectors/index_cache.h"
#include "engine/stores/within_memory.h"
#include "engine/vectors/filters/metadata_filter.h"
#include "engine/vectors/vector_search.h"
#include "quipu/backend/features.h"
#include "quipu/backend/key_locks.h"
#include "quipu/write_batch.h"

namespace quipu {

GraphVectors::GraphVectors(const std::string& ns)
    : ns_(ns),
      nodes_(graph_nodes(ns)),
      vectors_(VectorCollections(DEFAULT_VECTOR_STORE).embeddings),
      state_(graph_collection(ns, kGraphState)),
      version_({nodes_, vectors_}) {}

GraphVectors::Entity GraphVectors::entity(std::string_view id, std::optional<uint64_t> order, JsonView node) {
  Entity made{
      std::string(id), order, Json::from_canonical(std::string(properties_of(node).text())), {}, false};
  made.has_embedding = embedding_of(node, made.elements);
  return made;
}

Status GraphVectors::complete(const BaseKVStore& store, std::span<Entity> entities) const {
  std::vector<std::string_view> ids;
  std::vector<Entity*> without;
  for (Entity& entity : entities) {
    if (entity.has_embedding) continue;
    ids.push_back(entity.id);
    without.push_back(&entity);
  }
  if (ids.empty()) return Status::ok();
  return store.vector_values().get_vectors(vectors_, ids, [&](size_t i, std::span<const double> elements) {
    without[i]->elements.assign(elements.begin(), elements.end());
    without[i]->has_embedding = true;
  });
}

Status GraphVectors::for_each_entity(const BaseKVStore& store,
                                     const std::unordered_set<std::string_view>* ids,
                                     const std::function<Status(const Entity&, bool& end)>& use) const {
  constexpr size_t kCompletedAtOnce = 256;
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan(in_order, nodes_));
  std::vector<Entity> entities;
  for (bool more = true, end = false; more && !end; entities.clear()) {
    while (entities.size() < kCompletedAtOnce && (more = it->next())) {
      if ((ids != nullptr && !ids->contains(it->key())) || !is_entity(it->val())) continue;
      entities.push_back(entity(it->key(), it->order(), it->val()));
    }
    QUIPU_RETURN_IF_ERROR(complete(store, entities));
    for (size_t i = 0; i < entities.size() && !end; ++i) {
      if (entities[i].has_embedding) QUIPU_RETURN_IF_ERROR(use(entities[i], end));
    }
  }
  return it->status();
}

void GraphVectors::put(const Entity& entity) {
  index_.put(entity.id, entity.order, entity.elements);
  index_.columns().set(*index_.row_of(entity.id), entity.properties);
}

void GraphVectors::changed(BaseKVStore& store, const std::vector<std::string>& keys) {
  if (std::ranges::find(keys, kSupportsVectorQueries) != keys.end()) recorded_ = Known::kNothing;
  const Result<bool> current = version_.is_current(store);
  if (!current || !*current) drop_index();
  update(store, keys);
}

void GraphVectors::written(BaseKVStore& store, const WriteBatch& batch, KnownVersion::Version before,
                           const std::vector<std::string>& ids) {
  if (loaded_ && !version_.follow(store, batch, before)) drop_index();
  update(store, ids);
}

void GraphVectors::update(BaseKVStore& store, const std::vector<std::string>& keys) {
  shown_ = Known::kNothing;
  if (!loaded_ || succeeds_within_memory([&] { return reload(store, keys); })) return;
  drop_index();  // and let the next query report what is wrong
}

Status GraphVectors::reload(const BaseKVStore& store, const std::vector<std::string>& keys) {
  const std::vector<std::string_view> ids(keys.begin(), keys.end());
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<Json>> nodes, store.multi_get(ids, nodes_));
  std::vector<std::optional<uint64_t>> order(ids.size());
  if (ordered_) {
    QUIPU_ASSIGN_OR_RETURN(order, store.insertion_order(ids, nodes_));
  }
  std::vector<Entity> entities;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (nodes[i] && is_entity(*nodes[i])) {
      entities.push_back(entity(ids[i], order[i], *nodes[i]));
    } else {
      index_.erase(ids[i]);
    }
  }
  QUIPU_RETURN_IF_ERROR(complete(store, entities));
  for (const Entity& entity : entities) {
    if (!entity.has_embedding) {
      index_.erase(entity.id);
      continue;
    }
    const bool was_there = index_.row_of(entity.id).has_value();
    // Perhaps the node is old, and only its embedding is new: where it stands, a scan tells.
    if (!ordered_ && !was_there) {
      drop_index();
      return Status::ok();
    }
    put(entity);
  }
  keep_within_budget(store);
  return Status::ok();
}

void GraphVectors::forget() {
  recorded_ = shown_ = Known::kNothing;
  drop_index();
}

void GraphVectors::drop_index() {
  loaded_ = ordered_ = streamed_ = false;
  index_.clear();
}

std::optional<std::pair<std::string, uint64_t>> GraphVectors::search_index() {
  const std::shared_lock lock(mutex_);
  if (!loaded_ && !streamed_) return std::nullopt;
  return std::pair(ns_, streamed_ ? uint64_t{0} : uint64_t{index_.memory_bytes()});
}

void GraphVectors::keep_within_budget(const BaseKVStore& store) {
  if (!loaded_ || index_.keep_within(store.search_memory_bytes())) return;
  drop_index();
  streamed_ = true;
}

Status GraphVectors::load(const BaseKVStore& store) {
  drop_index();
  QUIPU_RETURN_IF_ERROR(version_.begin(store));
  loaded_ = true;
  const auto take = [&](const Entity& entity, bool& end) {
    ordered_ = entity.order.has_value();
    put(entity);
    keep_within_budget(store);
    end = !loaded_;
    return Status::ok();
  };
  return make_or_forget([&] { return for_each_entity(store, nullptr, take); }, [this] { drop_index(); });
}

Status GraphVectors::make_columns(const BaseKVStore& store, const MetadataFilters& filters) {
  const auto for_each = [&](const std::function<void(uint32_t, JsonView)>& use) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan({}, nodes_));
    while (it->next()) {
      if (const auto row = index_.row_of(it->key())) use(*row, properties_of(it->val()));
    }
    return it->status();
  };
  const std::vector<std::string> keys = keys_without_column(filters, index_.columns());
  QUIPU_RETURN_IF_ERROR(index_.columns().make(keys, index_.rows(), for_each));
  keep_within_budget(store);
  return Status::ok();
}

Status GraphVectors::stream(const BaseKVStore& store, const std::vector<std::string>* node_ids,
                            const MetadataFilters* filters,
                            const std::function<Status(const StreamedVector&)>& use) const {
  std::optional<std::unordered_set<std::string_view>> wanted;
  if (node_ids != nullptr) wanted.emplace(node_ids->begin(), node_ids->end());
  uint64_t order = 0;
  return for_each_entity(store, wanted ? &*wanted : nullptr, [&](const Entity& entity, bool&) -> Status {
    if (filters != nullptr) {
      QUIPU_ASSIGN_OR_RETURN(const bool passes, filters_match(*filters, entity.id, entity.properties));
      if (!passes) return Status::ok();
    }
    return use({entity.id, order++, entity.elements});
  });
}

bool GraphVectors::is_ready_for(const MetadataFilters* filters) const {
  if (streamed_) return true;
  return loaded_ && (filters == nullptr || keys_without_column(*filters, index_.columns()).empty());
}

Result<bool> GraphVectors::is_current(const BaseKVStore& store) const {
  if (streamed_) return true;
  return loaded_ ? version_.is_current(store) : false;
}

Result<std::shared_lock<std::shared_mutex>> GraphVectors::lock_index(const BaseKVStore& store,
                                                                     const MetadataFilters* filters) {
  for (bool loaded = false;; loaded = true) {  // in this call: newer than its beginning, whoever writes
    {
      std::shared_lock reading(mutex_);
      if (is_ready_for(filters)) {
        QUIPU_ASSIGN_OR_RETURN(const bool current, loaded ? true : is_current(store));
        if (current) return reading;
      }
    }
    std::unique_lock writing(mutex_);
    QUIPU_ASSIGN_OR_RETURN(const bool current, is_current(store));
    if (!current) QUIPU_RETURN_IF_ERROR(load(store));
    if (filters != nullptr && !streamed_) QUIPU_RETURN_IF_ERROR(make_columns(store, *filters));
  }
}

Result<VectorStoreQueryResult> GraphVectors::query(const BaseKVStore& store, const VectorStoreQuery& query) {
  const bool filtered = query.filters && !query.filters->filters.empty();
  const MetadataFilters* const filters = filtered ? &*query.filters : nullptr;
  QUIPU_ASSIGN_OR_RETURN(const std::shared_lock<std::shared_mutex> reading, lock_index(store, filters));
  const bool large_mmr =
      query.mode == VectorStoreQueryMode::MMR && index_.mmr_bytes() > store.search_memory_bytes();
  if (streamed_ || large_mmr) {
    return search_stream(query, [&](const auto& use) {
      return stream(store, query.node_ids ? &*query.node_ids : nullptr, filters, use);
    });
  }
  return search_vectors(index_, query, filters, [&](auto ids, const auto& use) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<Json>> nodes, store.multi_get(ids, nodes_));
    std::vector<Entity> entities;
    std::vector<size_t> places;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (!nodes[i]) continue;
      entities.push_back(entity(ids[i], std::nullopt, *nodes[i]));
      places.push_back(i);
    }
    QUIPU_RETURN_IF_ERROR(complete(store, entities));
    for (size_t i = 0; i < entities.size(); ++i) {
      if (entities[i].has_embedding) use(places[i], entities[i].elements);
    }
    return Status::ok();
  });
}

Result<bool> GraphVectors::entities_hold_vectors(const BaseKVStore& store) {
  QUIPU_ASSIGN_OR_RETURN(const KnownVersion::Version shared, version_.read(store));
  if (shared) return quipu::entities_hold_vectors(store, ns_);  // others may write, too
  if (recorded_ == Known::kNothing) {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<bool> stored, recorded_vector_queries(store, ns_));
    if (stored) recorded_ = known(*stored);
  }
  if (recorded_ != Known::kNothing) return recorded_ == Known::kTrue;
  if (shown_ == Known::kNothing) {
    QUIPU_ASSIGN_OR_RETURN(const bool found, any_entity_has_embedding(store, ns_));
    shown_ = known(found);
  }
  return shown_ == Known::kTrue;
}

Status GraphVectors::record(BaseKVStore& store, std::optional<bool> wanted) {
  const bool asked = wanted.value_or(false);
  QUIPU_ASSIGN_OR_RETURN(const KnownVersion::Version shared, version_.read(store));
  const bool is_recorded = recorded_ == Known::kTrue || (recorded_ == Known::kFalse && !asked);
  if (is_recorded && !shared) return Status::ok();
  if (shared) {  // once there is a record, most often
    QUIPU_ASSIGN_OR_RETURN(const std::optional<bool> stored, recorded_vector_queries(store, ns_));
    if (stored && (*stored || !asked)) return Status::ok();
  }
  LockSet key;
  key.add(state_, kSupportsVectorQueries);
  QUIPU_ASSIGN_OR_RETURN(const KeyLocks lock, store.lock(key));
  QUIPU_ASSIGN_OR_RETURN(const std::optional<bool> stored, recorded_vector_queries(store, ns_));
  bool value = asked || stored.value_or(false);
  if (!value && !stored) {
    QUIPU_ASSIGN_OR_RETURN(value, any_entity_has_embedding(store, ns_));
  }
  if (stored != value) {
    WriteBatch batch;
    batch.put(state_, kSupportsVectorQueries, supports_vector_queries_value(value));
    QUIPU_RETURN_IF_ERROR(store.write(batch, {.held = &lock}));
  }
  recorded_ = known(value);
  return Status::ok();
}

}  // namespace quipu
