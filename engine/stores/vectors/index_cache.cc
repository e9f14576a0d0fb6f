#include "engine/stores/vectors/index_cache.h"

#include <algorithm>

#include "engine/stores/within_memory.h"
#include "quipu/backend/features.h"

namespace quipu {
namespace {

// What part of the memory rows of partitions may take.
constexpr uint64_t kPartForPartitions = 2;

}  // namespace

// Afterwards nothing tells where a vector was that is no more.
void IndexCache::changing(const BaseKVStore& store, const std::vector<std::string>& keys) {
  changing_.clear();
  if (!(loaded && codes) && !partitions) return;
  const std::vector<std::string_view> ids(keys.begin(), keys.end());
  auto orders = store.insertion_order(ids, collections_.embeddings);
  if (orders) changing_ = *std::move(orders);
}

void IndexCache::changed(BaseKVStore& store, const std::vector<std::string>& keys) {
  if (partitions && !move_partitions(store, keys)) forget_partitions();  // which are soon read again
  if (!loaded) return changing_.clear();
  // Where the store does not keep the places of its keys, only a new look at all of them tells these.
  const Result<bool> current = version.is_current(store);
  const bool only_these = current && *current && store.capabilities().keeps_order;
  if (!only_these || !succeeds_within_memory([&] { return reload(store, keys); })) forget();
  changing_.clear();
}

Result<bool> IndexCache::is_current(const BaseKVStore& store) const {
  if (streamed) return true;
  return loaded ? version.is_current(store) : false;
}

void IndexCache::forget() {
  forget_partitions();
  forget_index();
}

void IndexCache::forget_index() {
  loaded = streamed = false;
  asked = false;
  index.clear();
  codes.reset();
  kept.fit(0, 0, 0);
  kept.clear();
  hnsw.reset();
}

void IndexCache::forget_partitions() {
  partitions.reset();
  filtered.reset();
  partitions_problem = Status::ok();
  knows_partitions = false;
}

std::optional<std::pair<std::string, uint64_t>> IndexCache::search_index() {
  const std::shared_lock lock(mutex);
  if (!loaded && !streamed && !partitions) return std::nullopt;
  const uint64_t of_partitions =
      (partitions ? partitions->memory_bytes() : 0) + (filtered ? filtered->memory_bytes() : 0);
  return std::pair(collections_.prefix, of_partitions + (loaded ? bytes() : 0));
}

uint64_t IndexCache::room_for_partitions() const {
  const uint64_t used = loaded ? bytes() : 0;
  return used < budget_ ? std::min(budget_ / kPartForPartitions, budget_ - used) : 0;
}

uint64_t IndexCache::room_for_index() const {
  const uint64_t used =
      (partitions ? partitions->most_bytes() : 0) + (filtered ? filtered->memory_bytes() : 0);
  return used < budget_ ? budget_ - used : 0;
}

void IndexCache::keep_within_budget() {
  if (!loaded) return;
  const uint64_t of_others = graph_bytes() + code_bytes();
  const uint64_t room = room_for_index();
  if (of_others <= room && index.keep_within(room - of_others)) {
    return kept.fit(index.size(), index.dimensions(), room - of_others - index.memory_bytes());
  }
  forget_index();
  streamed = true;
}

bool IndexCache::wants_to_learn() const {
  if (!loaded || hnsw) return false;
  const uint64_t room = room_for_index();
  return codes ? codes->wants_to_learn(room)
               : index.wants_to_learn(room - std::min(room, kept.memory_bytes()));
}

void IndexCache::added(const BaseKVStore& store, const WriteBatch& batch,
                       std::span<const VectorStoreEntry> entries, std::span<const Json> metadata) {
  add_to_partitions(store, entries, metadata);
  if (!loaded) return;
  const bool added =
      version.follow(store, batch) && succeeds_within_memory([&] { return add(store, entries, metadata); });
  if (!added) forget();  // and let the next query report what is wrong, if anything is
}

void IndexCache::removed(const BaseKVStore& store, const WriteBatch& batch, std::span<const std::string> ids,
                         std::span<const std::optional<uint64_t>> orders) {
  for (const std::optional<uint64_t>& order : orders) {
    if (order) erase_from_partitions(*order);
  }
  if (!loaded) return;
  const bool removed = version.follow(store, batch) && succeeds_within_memory([&] {
                         if (!codes) std::ranges::for_each(ids, [&](const std::string& id) { erase(id); });
                         for (const std::optional<uint64_t>& order : orders) {
                           if (order && codes) codes->erase(*order);
                         }
                         return Status::ok();
                       });
  if (!removed) forget();
}

void IndexCache::cleared(const BaseKVStore& store, const WriteBatch& batch) {
  streamed = false;
  forget_partitions();
  if (!version.follow(store, batch)) return forget();
  index.clear();
  codes.reset();
  kept.clear();
  if (hnsw) hnsw->clear();
}

bool IndexCache::move_partitions(const BaseKVStore& store, const std::vector<std::string>& keys) {
  const std::vector<std::string_view> ids(keys.begin(), keys.end());
  const auto orders = store.insertion_order(ids, collections_.embeddings);
  if (!orders || changing_.size() != ids.size()) return false;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (changing_[i] && changing_[i] != (*orders)[i]) erase_from_partitions(*changing_[i]);
  }
  bool followed = true;
  const Status read = store.vector_values().get_vectors(
      collections_.embeddings, ids, [&](size_t i, std::span<const double> elements) {
        followed = followed && (*orders)[i] && partitions->put(*(*orders)[i], elements);
      });
  if (!read.is_ok() || !followed) return false;
  if (!filtered) return true;
  const auto metadata = store.multi_get(ids, collections_.metadata);
  for (size_t i = 0; metadata && i < ids.size(); ++i) {
    if (!(*orders)[i]) continue;
    if ((*metadata)[i]) {
      filtered->put(*(*orders)[i], *(*metadata)[i]);
    } else {
      filtered->erase(*(*orders)[i]);
    }
  }
  return metadata.has_value();
}

void IndexCache::erase_from_partitions(uint64_t order) {
  if (partitions) partitions->erase(order);
  if (filtered) filtered->erase(order);
}

void IndexCache::add_to_partitions(const BaseKVStore& store, std::span<const VectorStoreEntry> entries,
                                   std::span<const Json> metadata) {
  if (!partitions) return;
  std::vector<std::string_view> ids;
  for (const VectorStoreEntry& entry : entries) ids.push_back(entry.id);
  const auto orders = store.insertion_order(ids, collections_.embeddings);
  bool followed = orders.has_value();
  for (size_t i = 0; followed && i < entries.size(); ++i) {
    followed = (*orders)[i] && partitions->put(*(*orders)[i], entries[i].embedding);
    if (followed && filtered) filtered->put(*(*orders)[i], metadata[i]);
  }
  if (!followed) forget_partitions();
}

// A store that keeps the places of its keys is asked for them: a transaction that commits later may have
// taken earlier ones.
Status IndexCache::add(const BaseKVStore& store, std::span<const VectorStoreEntry> entries,
                       std::span<const Json> metadata) {
  std::vector<std::optional<uint64_t>> order(entries.size());
  if (store.capabilities().keeps_order) {
    std::vector<std::string_view> ids;
    for (const VectorStoreEntry& entry : entries) ids.push_back(entry.id);
    QUIPU_ASSIGN_OR_RETURN(order, store.insertion_order(ids, collections_.embeddings));
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    if (codes) {
      codes->put(order[i].value(), entries[i].embedding);
      continue;
    }
    put(entries[i].id, order[i], entries[i].embedding);
    index.columns().set(*index.row_of(entries[i].id), metadata[i]);
  }
  keep_within_budget();
  return Status::ok();
}

void IndexCache::put(std::string_view id, std::optional<uint64_t> order, std::span<const double> elements) {
  index.put(id, order, elements);
  kept.forget(id);
  if (hnsw) hnsw->set(*index.row_of(id), elements);
}

void IndexCache::erase(std::string_view id) {
  const std::optional<uint32_t> row = index.row_of(id);
  if (!row) return;
  if (hnsw) hnsw->erase(*row);
  index.erase(id);
  kept.forget(id);
}

Status IndexCache::reload(BaseKVStore& store, const std::vector<std::string>& keys) {
  const std::vector<std::string_view> ids(keys.begin(), keys.end());
  QUIPU_ASSIGN_OR_RETURN(const auto order, store.insertion_order(ids, collections_.embeddings));
  if (codes) return reload_codes(store, ids, order);
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!order[i]) erase(ids[i]);
  }
  QUIPU_RETURN_IF_ERROR(store.vector_values().get_vectors(
      collections_.embeddings, ids,
      [&](size_t i, std::span<const double> elements) { put(ids[i], order[i], elements); }));
  QUIPU_ASSIGN_OR_RETURN(const auto metadata, store.multi_get(ids, collections_.metadata));
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::optional<uint32_t> row = index.row_of(ids[i]);
    if (!row) continue;
    if (metadata[i]) {
      index.columns().set(*row, *metadata[i]);
    } else {
      index.columns().forget(*row);
    }
  }
  keep_within_budget();
  return Status::ok();
}

Status IndexCache::reload_codes(BaseKVStore& store, std::span<const std::string_view> ids,
                                std::span<const std::optional<uint64_t>> orders) {
  if (changing_.size() != ids.size()) return Status::invalid_argument("nothing is known of these keys");
  for (size_t i = 0; i < ids.size(); ++i) {
    if (changing_[i] && changing_[i] != orders[i]) codes->erase(*changing_[i]);
  }
  QUIPU_RETURN_IF_ERROR(store.vector_values().get_vectors(collections_.embeddings, ids,
                                                          [&](size_t i, std::span<const double> elements) {
                                                            if (orders[i]) codes->put(*orders[i], elements);
                                                          }));
  keep_within_budget();
  return Status::ok();
}

}  // namespace quipu
