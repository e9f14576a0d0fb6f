// Backoff: waits between tries of what others stand in the way of, each time about twice as long.

#ifndef QUIPU_BACKENDS_POSTGRES_CONNECTION_BACKOFF_H_
#define QUIPU_BACKENDS_POSTGRES_CONNECTION_BACKOFF_H_

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

namespace quipu::postgres {

class Backoff {
 public:
  // False when it has all taken `patience` or longer, and another try is not worth it.
  bool wait() {
    if (std::chrono::steady_clock::now() >= deadline_) return false;
    std::uniform_int_distribution<int> some(delay_ms_ / 2, delay_ms_);
    std::this_thread::sleep_for(std::chrono::milliseconds(some(random_)));
    delay_ms_ = std::min(2 * delay_ms_, kLongestMs);
    return true;
  }

 private:
  static constexpr std::chrono::seconds kPatience{5};
  static constexpr int kFirstMs = 4;
  static constexpr int kLongestMs = 500;

  const std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + kPatience;
  int delay_ms_ = kFirstMs;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_CONNECTION_BACKOFF_H_
