#include "quipu/backend/key_locks.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace quipu {

namespace {

// The same in every build, for processes that share a table.
uint64_t mixed(uint64_t hash, std::string_view bytes) {
  constexpr uint64_t kPrime = 0x9e3779b97f4a7c15;
  hash = (hash ^ bytes.size()) * kPrime;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), sizeof(uint64_t)))) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), std::min(bytes.size(), sizeof word));
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

void LockSet::add(std::string_view collection, std::string_view key) {
  const size_t stripe = mixed(mixed(0, collection), key) % kLockStripes;
  words_[stripe / kWordBits] |= uint64_t{1} << (stripe % kWordBits);
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
  size_t taken = kLockStripes;  // the stripe that somebody else has
  set.for_each_stripe([&](size_t stripe) {
    if (taken != kLockStripes) return;
    if (set.waits()) {
      stripes_[stripe].lock();
    } else if (!stripes_[stripe].try_lock()) {
      taken = stripe;
    }
  });
  if (taken == kLockStripes) return Status::ok();
  unlock_below(taken, set);
  return Status::busy("a key is locked");
}

void StripedLocks::unlock(const LockSet& set) { unlock_below(kLockStripes, set); }

void StripedLocks::unlock_below(size_t end, const LockSet& set) {
  set.for_each_stripe([&](size_t stripe) {
    if (stripe < end) stripes_[stripe].unlock();
  });
}

}  // namespace quipu
