#include "engine/stores/partitions/partition_cache.h"

#include <utility>

#include "quipu/backend/vector_codes.h"

namespace quipu {

void PartitionCache::get(std::vector<uint64_t>& partitions, std::vector<Rows>& rows) {
  const std::lock_guard lock(mutex_);
  std::erase_if(partitions, [&](uint64_t partition) {
    Place* const place = find(partition);
    if (place == nullptr || !place->rows) return false;
    place->is_used = true;
    __builtin_prefetch(place->rows.get());
    rows.push_back(place->rows);
    return true;
  });
}

PartitionCache::Place* PartitionCache::find(uint64_t partition) {
  const uint64_t number = partition - CodeBlock::kFirstMoved;
  return number < places_.size() ? &places_[number] : nullptr;
}

void PartitionCache::put(uint64_t partition, Rows rows) {
  const std::lock_guard lock(mutex_);
  const uint64_t number = partition - CodeBlock::kFirstMoved;
  if (number >= places_.size()) places_.resize(number + 1);
  const size_t bytes = rows->memory_bytes();
  if (places_[number].rows || bytes > bytes_) return;  // somebody else has read it, too
  make_room(bytes);
  used_bytes_ += bytes;
  places_[number] = {std::move(rows), true};
}

void PartitionCache::make_room(size_t bytes) {
  while (used_bytes_ + bytes > bytes_) {
    Place& place = places_[hand_];
    hand_ = (hand_ + 1) % places_.size();
    if (!std::exchange(place.is_used, false)) drop(place);
  }
}

void PartitionCache::drop(Place& place) {
  if (!place.rows) return;
  used_bytes_ -= place.rows->memory_bytes();
  place = {};
}

void PartitionCache::erase(uint64_t partition) {
  const std::lock_guard lock(mutex_);
  if (Place* const place = find(partition)) drop(*place);
}

void PartitionCache::clear() {
  const std::lock_guard lock(mutex_);
  places_.clear();
  hand_ = 0;
  used_bytes_ = 0;
}

size_t PartitionCache::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  return used_bytes_ + places_.capacity() * sizeof(Place);
}

}  // namespace quipu
