#include "quipu/backend/key_locks.h"

#include <functional>
#include <utility>

namespace quipu {

void LockSet::add(std::string_view collection, std::string_view key) {
  const size_t hash = std::hash<std::string_view>{}(key)*31 + std::hash<std::string_view>{}(collection);
  stripes_.set(hash % kLockStripes);
}

Result<KeyLocks> LockTable::acquire(const LockSet& set) {
  QUIPU_RETURN_IF_ERROR(lock(set));
  return KeyLocks(*this, set);
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
  table_->unlock(held_);
  table_ = nullptr;
  held_ = {};
}

Status StripedLocks::lock(const LockSet& set) {
  for (size_t i = 0; i < kLockStripes; ++i) {
    if (!set.has_stripe(i)) continue;
    if (set.waits()) {
      stripes_[i].lock();
    } else if (!stripes_[i].try_lock()) {
      unlock_below(i, set);
      return Status::busy("a key is locked");
    }
  }
  return Status::ok();
}

void StripedLocks::unlock(const LockSet& set) { unlock_below(kLockStripes, set); }

void StripedLocks::unlock_below(size_t end, const LockSet& set) {
  for (size_t i = end; i-- > 0;) {
    if (set.has_stripe(i)) stripes_[i].unlock();
  }
}

}  // namespace quipu
