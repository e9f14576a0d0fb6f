#include "quipu/progress.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <string>
#include <system_error>
#include <thread>

#include "quipu/backend/thread_annotations.h"

namespace quipu {
namespace {

constexpr std::chrono::milliseconds kPause{50};

}  // namespace

// Between the work's thread and the one that calls the callback.
class Work::Watcher {
 public:
  Watcher(Work& work, const ProgressCallback& progress, std::string_view part)
      : work_(work), progress_(progress), part_(part) {}

  void begin(std::string_view part) {
    const MutexLock lock(mutex_);
    part_ = part;
  }
  Status finish();
  void returned() {
    const MutexLock lock(mutex_);
    state_ = State::kReturned;
    changed_.notify_all();
  }

  // Calls the callback.
  Status tell();
  // Does so until the work has returned; what cancelled it, or OK.
  Status attend();

 private:
  enum class State { kRunning, kFinishing, kFinished, kReturned };

  Work& work_;
  const ProgressCallback& progress_;
  Mutex mutex_;
  std::condition_variable changed_;
  std::string part_ QUIPU_GUARDED_BY(mutex_);
  State state_ QUIPU_GUARDED_BY(mutex_) = State::kRunning;
};

Status Work::Watcher::finish() {
  MutexLock lock(mutex_);
  if (state_ == State::kFinished) return work_.check();
  work_.done_ = std::max<uint64_t>(work_.done_, work_.total_);
  state_ = State::kFinishing;
  changed_.notify_all();
  while (state_ != State::kFinished) changed_.wait(lock.native());
  return work_.check();
}

Status Work::Watcher::tell() {
  std::string part;
  {
    const MutexLock lock(mutex_);
    part = part_;
  }
  const uint64_t total = work_.total_;
  const uint64_t done = work_.done_;
  return progress_({part, total == 0 ? done : std::min(done, total), total});
}

Status Work::Watcher::attend() {
  Status told;
  MutexLock lock(mutex_);
  while (true) {
    const auto until = std::chrono::steady_clock::now() + kPause;
    while (state_ != State::kFinishing && state_ != State::kReturned &&
           changed_.wait_until(lock.native(), until) != std::cv_status::timeout) {
    }
    const State seen = state_;
    if (seen == State::kReturned) return told;
    if (told.is_ok() && seen != State::kFinished) {
      lock.unlock();
      told = tell();
      work_.cancelled_ = !told.is_ok();
      lock.lock();
    }
    if (seen == State::kFinishing) {
      state_ = State::kFinished;
      changed_.notify_all();
    }
  }
}

void Work::begin(std::string_view part) {
  if (watch_ != nullptr) watch_->begin(part);
}

Status Work::finish() { return watch_ == nullptr ? Status::ok() : watch_->finish(); }

Status watch(const ProgressCallback& progress, std::string_view part,
             const std::function<Status(Work&)>& run) {
  Work work;
  if (!progress) return run(work);
  Work::Watcher watcher(work, progress, part);
  work.watch_ = &watcher;
  QUIPU_RETURN_IF_ERROR(watcher.tell());
  Status done;
  std::thread thread;
  try {
    thread = std::thread([&] {
      done = run(work);
      watcher.returned();
    });
  } catch (const std::system_error& error) {
    return Status::io_error(std::string("cannot start a thread: ") + error.what());
  }
  const Status cancelled = watcher.attend();
  thread.join();
  return cancelled.is_ok() ? done : cancelled;
}

}  // namespace quipu
