#include "engine/files/s3/request_pool.h"

#include <utility>

namespace quipu {

RequestPool::~RequestPool() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    threads = std::move(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void RequestPool::run(std::function<void()> task) {
  MutexLock lock(mutex_);
  while (unfinished_ == size_) changed_.wait(lock.native());
  ++unfinished_;
  tasks_.push_back(std::move(task));
  if (threads_.size() < unfinished_) threads_.emplace_back([this] { work(); });
  changed_.notify_all();
}

void RequestPool::work() {
  MutexLock lock(mutex_);
  while (true) {
    while (tasks_.empty() && !ending_) changed_.wait(lock.native());
    if (tasks_.empty()) return;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;  // what it holds goes before another takes its place
    lock.lock();
    --unfinished_;
    changed_.notify_all();
  }
}

}  // namespace quipu
