#include "engine/base/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <new>

namespace quipu::testing {
namespace {

TEST(RunOnThreadsTest, CallsOnEach) {
  for (const size_t threads : {1, 2, 7}) {
    std::atomic<size_t> calls = 0;
    run_on_threads(threads, [&] { ++calls; });
    EXPECT_EQ(calls, threads);
  }
}

TEST(RunOnThreadsTest, ThrowsWhatOneThrowsWhenAllHaveEnded) {
  std::atomic<size_t> begun = 0;
  std::atomic<size_t> ended = 0;
  const auto work = [&] {
    if (++begun == 2) throw std::bad_alloc();
    ++ended;
  };
  EXPECT_THROW(run_on_threads(5, work), std::bad_alloc);
  EXPECT_EQ(ended, 4U);
}

}  // namespace
}  // namespace quipu::testing
