#include "quipu/backend/executor.h"

#include <condition_variable>
#include <deque>
#include <thread>
#include <vector>

#include "quipu/backend/thread_annotations.h"

namespace quipu {

struct Executor::Pool {
  Pool(size_t threads, size_t limit);
  ~Pool();

  void enqueue(std::function<void()> task);
  void run();

  const size_t queue_limit;
  Mutex mutex;
  std::condition_variable work;  // the queue has a task, or the pool stops
  std::condition_variable room;  // the queue has room
  std::deque<std::function<void()>> queue QUIPU_GUARDED_BY(mutex);
  bool stopping QUIPU_GUARDED_BY(mutex) = false;
  std::vector<std::thread> threads;  // last: they use all above
};

Executor::Executor(size_t threads, size_t queue_limit)
    : pool_(std::make_unique<Pool>(threads, queue_limit)) {}

Executor::~Executor() = default;

void Executor::enqueue(std::function<void()> task) { pool_->enqueue(std::move(task)); }

Executor::Pool::Pool(size_t count, size_t limit) : queue_limit(limit) {
  threads.reserve(count);
  for (size_t i = 0; i < count; ++i) threads.emplace_back([this] { run(); });
}

Executor::Pool::~Pool() {
  {
    const MutexLock lock(mutex);
    stopping = true;
  }
  work.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void Executor::Pool::enqueue(std::function<void()> task) {
  {
    MutexLock lock(mutex);
    while (queue.size() >= queue_limit) room.wait(lock.native());
    queue.push_back(std::move(task));
  }
  work.notify_one();
}

void Executor::Pool::run() {
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(mutex);
      while (!stopping && queue.empty()) work.wait(lock.native());
      if (queue.empty()) return;
      task = std::move(queue.front());
      queue.pop_front();
    }
    room.notify_one();
    task();
  }
}

}  // namespace quipu
