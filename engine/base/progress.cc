#include "quipu/progress.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>

namespace quipu {
namespace {

constexpr std::chrono::milliseconds kPause{50};

}  // namespace

void Work::begin(std::string_view part) {
  if (!watched_) return;
  std::lock_guard lock(mutex_);
  part_ = part;
}

Status Work::finish() {
  if (!watched_) return Status::ok();
  std::unique_lock lock(mutex_);
  if (state_ == State::kFinished) return check();
  done_ = std::max<uint64_t>(done_, total_);
  state_ = State::kFinishing;
  changed_.notify_all();
  changed_.wait(lock, [this] { return state_ == State::kFinished; });
  return check();
}

Status Work::tell(const ProgressCallback& progress) {
  std::string part;
  {
    std::lock_guard lock(mutex_);
    part = part_;
  }
  const uint64_t total = total_;
  return progress({part, total == 0 ? done_.load() : std::min(done_.load(), total), total});
}

// Calls the callback until the work has returned; what cancelled it, or OK.
Status Work::attend(const ProgressCallback& progress) {
  Status told;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait_for(lock, kPause,
                      [this] { return state_ == State::kFinishing || state_ == State::kReturned; });
    const State seen = state_;
    if (seen == State::kReturned) return told;
    if (told.is_ok() && seen != State::kFinished) {
      lock.unlock();
      told = tell(progress);
      cancelled_ = !told.is_ok();
      lock.lock();
    }
    if (seen == State::kFinishing) {
      state_ = State::kFinished;
      changed_.notify_all();
    }
  }
}

Status watch(const ProgressCallback& progress, std::string_view part,
             const std::function<Status(Work&)>& run) {
  Work work;
  if (!progress) return run(work);
  work.watched_ = true;
  work.part_ = part;
  QUIPU_RETURN_IF_ERROR(work.tell(progress));
  Status done;
  std::thread thread;
  try {
    thread = std::thread([&] {
      done = run(work);
      std::lock_guard lock(work.mutex_);
      work.state_ = Work::State::kReturned;
      work.changed_.notify_all();
    });
  } catch (const std::system_error& error) {
    return Status::io_error(std::string("cannot start a thread: ") + error.what());
  }
  const Status cancelled = work.attend(progress);
  thread.join();
  return cancelled.is_ok() ? done : cancelled;
}

}  // namespace quipu
