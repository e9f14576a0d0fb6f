// Backoff: pauses between tries, each about twice the one before, so that many who wait do not come at once.
//
//   Backoff backoff(std::chrono::seconds(5));
//   while (!try_it()) {
//     if (!backoff.wait()) return last_failure;
//   }
//
// Thread-safety: one thread at a time.

#ifndef QUIPU_BACKEND_BACKOFF_H_
#define QUIPU_BACKEND_BACKOFF_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>

namespace quipu {

class Backoff {
 public:
  struct Pauses {
    std::chrono::microseconds first{5'000};
    std::chrono::microseconds longest{250'000};
  };

  // `patience`: for so long, from now on, further tries are worth it.
  explicit Backoff(std::chrono::milliseconds patience) : Backoff(patience, Pauses{}) {}
  Backoff(std::chrono::milliseconds patience, const Pauses& pauses)
      : deadline_(std::chrono::steady_clock::now() + patience),
        longest_(pauses.longest),
        pause_(pauses.first) {}

  // Pauses, not beyond the end of the patience; false when that has come.
  bool wait() {
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline_) return false;
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_int_distribution<int64_t> some(pause_.count() / 2, pause_.count());
    std::this_thread::sleep_until(std::min(deadline_, now + std::chrono::microseconds(some(random))));
    pause_ = std::min(longest_, pause_ * 2);
    return true;
  }

 private:
  const std::chrono::steady_clock::time_point deadline_;
  const std::chrono::microseconds longest_;
  std::chrono::microseconds pause_;
};

}  // namespace quipu

#endif  // QUIPU_BACKEND_BACKOFF_H_
