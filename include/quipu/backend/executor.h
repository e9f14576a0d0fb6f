// Executor: the bounded thread pool behind the async calls.
//
// At most `threads` calls run at once and at most `queue_limit` wait; submit() waits for room beyond that, so
// a caller that outruns the disk is slowed down instead of filling memory. The destructor runs what was
// submitted, then joins.
// Thread-safety: submit() from any thread but the pool's own.

#ifndef QUIPU_BACKEND_EXECUTOR_H_
#define QUIPU_BACKEND_EXECUTOR_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace quipu {

class Executor {
 public:
  explicit Executor(size_t threads = 4, size_t queue_limit = 1024);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Runs `call` on the pool; the future holds what it returns.
  template <class Call>
  auto submit(Call call) -> std::future<decltype(call())> {
    auto task = std::make_shared<std::packaged_task<decltype(call())()>>(std::move(call));
    auto future = task->get_future();
    enqueue([task] { (*task)(); });
    return future;
  }

 private:
  void enqueue(std::function<void()> task);
  void run();

  const size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable work_;  // the queue has a task, or the pool stops
  std::condition_variable room_;  // the queue has room
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;  // last: they use all above
};

}  // namespace quipu

#endif  // QUIPU_BACKEND_EXECUTOR_H_
