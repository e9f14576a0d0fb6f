// Backoff: pauses between tries, each about twice the one before, so that many who wait do not come at once.

#ifndef QUIPU_BACKENDS_REDIS_CLIENT_BACKOFF_H_
#define QUIPU_BACKENDS_REDIS_CLIENT_BACKOFF_H_

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

namespace quipu::redis {

class Backoff {
 public:
  explicit Backoff(std::chrono::microseconds first = std::chrono::milliseconds(5),
                   std::chrono::microseconds most = std::chrono::milliseconds(250))
      : pause_(first), most_(most) {}

  // Not beyond `deadline`.
  void wait(std::chrono::steady_clock::time_point deadline) {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_int_distribution<int64_t> between(pause_.count() / 2, pause_.count());
    std::this_thread::sleep_until(
        std::min(deadline, std::chrono::steady_clock::now() + std::chrono::microseconds(between(random))));
    pause_ = std::min(most_, pause_ * 2);
  }

 private:
  std::chrono::microseconds pause_;
  const std::chrono::microseconds most_;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CLIENT_BACKOFF_H_
