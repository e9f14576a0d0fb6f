#include "backends/redis/layout/calls.h"

#include <unistd.h>

#include <random>

namespace quipu::redis {

Holder::Holder() {
  std::random_device random;
  for (int i = 0; i < 3; ++i) random_ += std::to_string(random()) + "-";
}

std::string Holder::name() const { return random_ + std::to_string(::getpid()); }

CallNumber::CallNumber(Calls& calls) : calls_(calls) {
  const MutexLock lock(calls.mutex_);
  if (calls.free_places_.empty()) {
    place_ = calls.places_++;
  } else {
    place_ = calls.free_places_.back();
    calls.free_places_.pop_back();
  }
  number_ = ++calls.last_;
}

CallNumber::~CallNumber() {
  const MutexLock lock(calls_.mutex_);
  calls_.free_places_.push_back(place_);
}

std::string CallNumber::key(const CollectionKeys& keys) const {
  return keys.own("done:" + calls_.holder_.name() + ":" + std::to_string(place_));
}

}  // namespace quipu::redis
