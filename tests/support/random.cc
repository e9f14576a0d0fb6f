#include "tests/support/random.h"

#include <cstdio>
#include <cstdlib>

namespace quipu::testing {

uint64_t test_seed() {
  static const uint64_t seed = [] {
    const char* const given = std::getenv("QUIPU_TEST_SEED");
    const uint64_t chosen = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::printf("QUIPU_TEST_SEED=%llu\n", static_cast<unsigned long long>(chosen));
    return chosen;
  }();
  return seed;
}

}  // namespace quipu::testing
