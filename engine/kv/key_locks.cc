#include "quipu/backend/key_locks.h"

#include <functional>
#include <utility>

namespace quipu {

void LockSet::add(std::string_view collection, std::string_view key) {
  const size_t hash = std::hash<std::string_view>{}(key)*31 + std::hash<std::string_view>{}(collection);
  stripes_.set(hash % kLockStripes);
}

KeyLocks::KeyLocks(LockTable& table, const LockSet& set) : table_(&table), held_(set) {
  for (size_t i = 0; i < kLockStripes; ++i) {
    if (held_.stripes_.test(i)) table.stripes_[i].lock();
  }
}

KeyLocks::KeyLocks(KeyLocks&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)), held_(std::exchange(other.held_, {})) {}

KeyLocks& KeyLocks::operator=(KeyLocks&& other) noexcept {
  if (this != &other) {
    release();
    table_ = std::exchange(other.table_, nullptr);
    held_ = std::exchange(other.held_, {});
  }
  return *this;
}

void KeyLocks::release() {
  if (table_ == nullptr) return;
  for (size_t i = kLockStripes; i-- > 0;) {
    if (held_.stripes_.test(i)) table_->stripes_[i].unlock();
  }
  table_ = nullptr;
  held_ = {};
}

}  // namespace quipu
