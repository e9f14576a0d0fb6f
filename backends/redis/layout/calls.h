// Holder: who a store is to others. Calls: numbers by which a server knows a call again that is sent twice.
//
// Thread-safety: any number of threads.

#ifndef QUIPU_BACKENDS_REDIS_LAYOUT_CALLS_H_
#define QUIPU_BACKENDS_REDIS_LAYOUT_CALLS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "backends/redis/layout/names.h"
#include "quipu/backend/thread_annotations.h"

namespace quipu::redis {

// Another one for each store and in each process, also behind a fork().
class Holder {
 public:
  Holder();
  std::string name() const;

 private:
  std::string random_;
};

class Calls {
 public:
  explicit Calls(const Holder& holder) : holder_(holder) {}

 private:
  friend class CallNumber;

  const Holder& holder_;
  Mutex mutex_;
  std::vector<uint64_t> free_places_ QUIPU_GUARDED_BY(mutex_);
  uint64_t places_ QUIPU_GUARDED_BY(mutex_) = 0;
  uint64_t last_ QUIPU_GUARDED_BY(mutex_) = 0;
};

// The number of one call, and the key under which its server notes that it is done, which no other call has
// while this lives.
class CallNumber {
 public:
  explicit CallNumber(Calls& calls);
  ~CallNumber();
  CallNumber(const CallNumber&) = delete;
  CallNumber& operator=(const CallNumber&) = delete;

  std::string key(const CollectionKeys& keys) const;
  uint64_t number() const { return number_; }

 private:
  Calls& calls_;
  uint64_t place_ = 0;
  uint64_t number_ = 0;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_LAYOUT_CALLS_H_
