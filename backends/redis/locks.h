// Locks: BaseKVStore::lock() for writers in any number of processes: stripes in a hash of the store, each
// with who holds it and until when.
//
// Whoever writes under locks has them looked at in the script that writes, so that a write whose locks have
// expired, or went with a server that failed, is refused and changes nothing. So of two who both believe to
// hold a lock one writes. In a cluster without a hash tag in the namespace locks are elsewhere than the data:
// there they are looked at only when they are taken.
//
// Thread-safety: any number of threads; those of one object wait for each other without asking the server.

#ifndef QUIPU_BACKENDS_REDIS_LOCKS_H_
#define QUIPU_BACKENDS_REDIS_LOCKS_H_

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "backends/redis/client/client.h"
#include "backends/redis/layout/calls.h"
#include "backends/redis/layout/names.h"
#include "quipu/backend/backoff.h"
#include "quipu/backend/key_locks.h"
#include "quipu/backend/thread_annotations.h"

namespace quipu::redis {

// For so long a lock is its holder's, if he does not give it back: from lock() to the write.
inline constexpr std::chrono::milliseconds kLockLasts{30'000};
// Of waiting for others' locks, then kBusy.
inline constexpr std::chrono::milliseconds kMaxWait{120'000};

inline Backoff lock_backoff() {
  return Backoff(kMaxWait, {std::chrono::microseconds(200), std::chrono::milliseconds(20)});
}
Status held_too_long();
std::vector<size_t> stripes_of(const LockSet& set);

class Locks : public LockTable {
 public:
  Locks(Client& client, const Names& names, const Holder& holder);

 private:
  Status lock(const LockSet& set) override;
  void unlock(const LockSet& set) override;
  Status lock_there(const std::vector<size_t>& stripes);

  Client& client_;
  const Holder& holder_;
  const std::string key_;
  const uint16_t slot_;
  StripedLocks here_;
  Mutex mutex_;
  std::map<size_t, KeyLocks> held_here_ QUIPU_GUARDED_BY(mutex_);  // by the first stripe of each set
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_LOCKS_H_
