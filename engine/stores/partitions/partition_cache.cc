#include "engine/stores/partitions/partition_cache.h"

#include <utility>

namespace quipu {

void PartitionCache::get(std::vector<uint64_t>& partitions, std::vector<Rows>& rows) {
  const std::lock_guard lock(mutex_);
  std::erase_if(partitions, [&](uint64_t partition) {
    Rows found = find(partition);
    if (!found) return false;
    __builtin_prefetch(found.get());
    rows.push_back(std::move(found));
    return true;
  });
}

PartitionCache::Rows PartitionCache::find(uint64_t partition) {
  if (const auto found = recent_.find(partition); found != recent_.end()) return found->second;
  const auto found = older_.find(partition);
  if (found == older_.end()) return nullptr;
  Rows rows = std::move(found->second);
  older_.erase(found);
  add(partition, rows);
  return rows;
}

void PartitionCache::put(uint64_t partition, Rows rows) {
  const std::lock_guard lock(mutex_);
  if (recent_.contains(partition)) return;  // somebody else has read it, too
  older_.erase(partition);
  add(partition, std::move(rows));
}

void PartitionCache::add(uint64_t partition, Rows rows) {
  const size_t bytes = rows->memory_bytes();
  if (recent_bytes_ + bytes > bytes_ / 2) {
    older_ = std::exchange(recent_, {});
    recent_bytes_ = 0;
  }
  if (bytes > bytes_ / 2) return;
  recent_bytes_ += bytes;
  recent_.emplace(partition, std::move(rows));
}

void PartitionCache::erase(uint64_t partition) {
  const std::lock_guard lock(mutex_);
  older_.erase(partition);
  const auto found = recent_.find(partition);
  if (found == recent_.end()) return;
  recent_bytes_ -= found->second->memory_bytes();
  recent_.erase(found);
}

void PartitionCache::clear() {
  const std::lock_guard lock(mutex_);
  recent_.clear();
  older_.clear();
  recent_bytes_ = 0;
}

size_t PartitionCache::bytes_of(const Some& some) {
  size_t bytes = 0;
  for (const auto& [partition, rows] : some) bytes += rows->memory_bytes();
  return bytes;
}

size_t PartitionCache::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_of(recent_) + bytes_of(older_);
}

}  // namespace quipu
