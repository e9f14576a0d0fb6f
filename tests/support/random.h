// Seeded randomness for tests. Every run prints its seed; QUIPU_TEST_SEED=<seed> replays it.

#ifndef QUIPU_TESTS_SUPPORT_RANDOM_H_
#define QUIPU_TESTS_SUPPORT_RANDOM_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace quipu::testing {

// The seed of this run: QUIPU_TEST_SEED, or a new one; printed when it is first asked for.
uint64_t test_seed();

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t below(uint64_t limit) { return engine_() % limit; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_RANDOM_H_
