#include "quipu/backend/executor.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace quipu {

struct Executor::Pool {
  Pool(size_t threads, size_t limit);
  ~Pool();

  void enqueue(std::function<void()> task);
  void run();

  const size_t queue_limit;
  std::mutex mutex;
  std::condition_variable work;  // the queue has a task, or the pool stops
  std::condition_variable room;  // the queue has room
  std::deque<std::function<void()>> queue;
  bool stopping = false;
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
    std::lock_guard lock(mutex);
    stopping = true;
  }
  work.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void Executor::Pool::enqueue(std::function<void()> task) {
  {
    std::unique_lock lock(mutex);
    room.wait(lock, [this] { return queue.size() < queue_limit; });
    queue.push_back(std::move(task));
  }
  work.notify_one();
}

void Executor::Pool::run() {
  while (true) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex);
      work.wait(lock, [this] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      task = std::move(queue.front());
      queue.pop_front();
    }
    room.notify_one();
    task();
  }
}

}  // namespace quipu
