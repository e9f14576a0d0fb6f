// lock(): whoever reads, decides and writes under it loses nothing of others'.

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "quipu/backend/key_locks.h"
#include "quipu/write_batch.h"
#include "tests/support/backends.h"

namespace quipu::testing {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 50;

LockSet set_of(const std::vector<std::string>& keys) {
  LockSet set;
  for (const std::string& key : keys) set.add("c", key);
  return set;
}

class LockTest : public BackendFixture {
 protected:
  void add_one(const std::string& key, const KeyLocks& held) {
    const auto old = kv_->get(key, "c");
    ASSERT_TRUE(old) << old.error().to_string();
    const int64_t n = *old ? *(*old)->view().find("n")->int64() : 0;
    std::this_thread::yield();  // to who would come between
    WriteBatch batch;
    batch.put("c", key, Json::from_canonical("{\"n\": " + std::to_string(n + 1) + "}"));
    const Status written = kv_->write(batch, {.held = &held});
    ASSERT_TRUE(written.is_ok()) << written.to_string();
  }
  int64_t counter(const std::string& key) const { return *(*kv_->get(key, "c"))->view().find("n")->int64(); }
};
INSTANTIATE_TEST_SUITE_P(Backends, LockTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(LockTest, ExcludesWhoLocksTheSameKeys) {
  std::vector<std::thread> threads;
  std::atomic<int> inside = 0;
  std::barrier together(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      // In different orders, which may not block each other for ever.
      const LockSet set = t % 2 == 0 ? set_of({"a", "b"}) : set_of({"b", "a"});
      together.arrive_and_wait();
      for (int i = 0; i < kRounds; ++i) {
        const auto locks = kv_->lock(set);
        ASSERT_TRUE(locks) << locks.error().to_string();
        EXPECT_EQ(++inside, 1);
        add_one("a", *locks);
        add_one("b", *locks);
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter("a"), kThreads * kRounds);
  EXPECT_EQ(counter("b"), kThreads * kRounds);
}

TEST_P(LockTest, AllIsLockedByAddAll) {
  LockSet all;
  all.add_all();
  std::vector<std::thread> threads;
  std::barrier together(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      together.arrive_and_wait();
      for (int i = 0; i < kRounds; ++i) {
        const auto locks = kv_->lock(t == 0 ? all : set_of({"a"}));
        ASSERT_TRUE(locks) << locks.error().to_string();
        add_one("a", *locks);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter("a"), kThreads * kRounds);
}

TEST_P(LockTest, IsHeldUntilItGoesOrIsReleased) {
  auto first = kv_->lock(set_of({"a"}));
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->covers(set_of({"a"})));
  KeyLocks moved = *std::move(first);
  EXPECT_TRUE(moved.covers(set_of({"a"})));
  std::atomic<bool> released = false;
  std::thread other([&] {
    const auto second = kv_->lock(set_of({"a"}));
    EXPECT_TRUE(second);
    EXPECT_TRUE(released) << "two have the same lock";
  });
  add_one("a", moved);
  released = true;
  moved.release();
  moved.release();
  other.join();
  EXPECT_FALSE(moved.covers(set_of({"a"})));
  { const auto again = kv_->lock(set_of({"a"})); }
  EXPECT_TRUE(kv_->lock(set_of({"a"})));
}

}  // namespace
}  // namespace quipu::testing
