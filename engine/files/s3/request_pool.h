// RequestPool: threads that make requests beside one another.
//
// What waits for an answer most of its time costs little else, so that there are several at once. How many
// there may be is the bound of what they hold in memory, too: whoever adds one waits until there is room for
// it. Thread-safety: any thread; not from within a task.

#ifndef QUIPU_ENGINE_FILES_S3_REQUEST_POOL_H_
#define QUIPU_ENGINE_FILES_S3_REQUEST_POOL_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "quipu/backend/thread_annotations.h"

namespace quipu {

class RequestPool {
 public:
  // `size`: tasks at once, at least one. Threads are started when they are needed.
  explicit RequestPool(size_t size) : size_(size < 1 ? 1 : size) {}
  // Waits for all tasks.
  ~RequestPool();
  RequestPool(const RequestPool&) = delete;
  RequestPool& operator=(const RequestPool&) = delete;

  size_t size() const { return size_; }
  // Runs a task on another thread, once fewer than size() are unfinished.
  void run(std::function<void()> task);

 private:
  void work();

  const size_t size_;
  Mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_ QUIPU_GUARDED_BY(mutex_);  // that nobody has begun
  size_t unfinished_ QUIPU_GUARDED_BY(mutex_) = 0;
  bool ending_ QUIPU_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_S3_REQUEST_POOL_H_
