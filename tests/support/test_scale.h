// How much of a long test is done: what the environment variable says, or that of an ordinary test run.
//
//   const int kills = test_scale("QUIPU_CRASH_CYCLES", 24);

#ifndef QUIPU_TESTS_SUPPORT_TEST_SCALE_H_
#define QUIPU_TESTS_SUPPORT_TEST_SCALE_H_

#include <cstdlib>

namespace quipu::testing {

inline int test_scale(const char* variable, int otherwise) {
  const char* const given = std::getenv(variable);
  return given != nullptr ? std::atoi(given) : otherwise;
}

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_TEST_SCALE_H_
