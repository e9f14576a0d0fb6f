// LockTable and KeyLocks: exclusive locks over keys, for code that reads, decides and then writes
// (BaseKVStore::lock). A backend whose writers are in several processes or machines has a table of its own.
//
// A lock is on a stripe, not on a key: two keys may share one, so holding more than needed is normal and
// holding two sets of locks at once is a deadlock. Lock all that one operation needs at once.
// Cost, of StripedLocks: about 20 ns a stripe when nobody waits.

#ifndef QUIPU_BACKEND_KEY_LOCKS_H_
#define QUIPU_BACKEND_KEY_LOCKS_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "quipu/status.h"

namespace quipu {

inline constexpr size_t kLockStripes = 512;

// A set of stripes to be locked together.
class LockSet {
 public:
  void add(std::string_view collection, std::string_view key);
  void add_all() { words_.fill(~uint64_t{0}); }
  bool contains(const LockSet& other) const {
    for (size_t i = 0; i < kWords; ++i) {
      if ((other.words_[i] & ~words_[i]) != 0) return false;
    }
    return true;
  }
  // `use` gets the number of each, below kLockStripes, from the lowest: the order in which every table takes
  // them.
  template <class Use>
  void for_each_stripe(Use use) const {
    for (size_t i = 0; i < kWords; ++i) {
      for (uint64_t left = words_[i]; left != 0; left &= left - 1) {
        use(i * kWordBits + static_cast<size_t>(std::countr_zero(left)));
      }
    }
  }
  // Who must not wait for others is told kBusy instead, by a table that can tell.
  void never_wait() { waits_ = false; }
  bool waits() const { return waits_; }

 private:
  static constexpr size_t kWordBits = 64;
  static constexpr size_t kWords = kLockStripes / kWordBits;
  std::array<uint64_t, kWords> words_{};
  bool waits_ = true;
};

class KeyLocks;

// Thread-safety: any.
class LockTable {
 public:
  virtual ~LockTable() = default;
  // Waits for all of `set`. Errors: kBusy where it never waits; those of a table that is elsewhere. Nothing
  // is locked then.
  Result<KeyLocks> acquire(const LockSet& set);

 private:
  friend class KeyLocks;
  // Stripes are taken in one order, so callers cannot block one another for ever.
  virtual Status lock(const LockSet& set) = 0;
  virtual void unlock(const LockSet& set) = 0;
};

// Holds locks until it goes. Move-only. Must go before its table.
class KeyLocks {
 public:
  KeyLocks() = default;
  ~KeyLocks() { release(); }
  KeyLocks(KeyLocks&& other) noexcept;
  KeyLocks& operator=(KeyLocks&& other) noexcept;

  bool covers(const LockSet& set) const { return held_.contains(set); }
  // Null when nothing is held.
  const LockTable* table() const { return table_; }
  void release();

 private:
  friend class LockTable;
  KeyLocks(LockTable& table, const LockSet& set) : table_(&table), held_(set) {}

  LockTable* table_ = nullptr;
  LockSet held_;
};

// Mutexes of this process.
class StripedLocks : public LockTable {
 private:
  Status lock(const LockSet& set) override;
  void unlock(const LockSet& set) override;
  void unlock_below(size_t end, const LockSet& set);

  std::array<std::mutex, kLockStripes> stripes_;
};

}  // namespace quipu

#endif  // QUIPU_BACKEND_KEY_LOCKS_H_
