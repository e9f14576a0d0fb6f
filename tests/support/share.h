// How much of a long test is done: what the environment variable says, or the share of a test run.
//
//   const int kills = full_or_share("QUIPU_CRASH_CYCLES", 24);

#ifndef QUIPU_TESTS_SUPPORT_SHARE_H_
#define QUIPU_TESTS_SUPPORT_SHARE_H_

#include <cstdlib>

namespace quipu::testing {

inline int full_or_share(const char* variable, int share) {
  const char* const given = std::getenv(variable);
  return given != nullptr ? std::atoi(given) : share;
}

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_SHARE_H_
