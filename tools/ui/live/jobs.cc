#include "tools/ui/live/jobs.h"

#include <chrono>
#include <exception>
#include <utility>

namespace quipu::ui {
namespace {

constexpr size_t kShownFindings = 200;

int64_t steady_milliseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

ProgressCallback Jobs::Run::progress() {
  return [this](const Progress& at) {
    if (jobs_.cancelled_) return Status::busy("ended before it was done");
    const std::lock_guard lock(jobs_.mutex_);
    jobs_.state_.part = at.file;
    jobs_.state_.bytes_done = at.bytes_done;
    jobs_.state_.bytes_total = at.bytes_total;
    return Status::ok();
  };
}

void Jobs::Run::found(std::string finding) {
  const std::lock_guard lock(jobs_.mutex_);
  if (++jobs_.state_.findings <= kShownFindings) jobs_.state_.first.push_back(std::move(finding));
}

Jobs::~Jobs() {
  cancel();
  if (thread_.joinable()) thread_.join();
}

Result<uint64_t> Jobs::start(const std::string& kind, JobWork work) {
  const std::lock_guard lock(mutex_);
  if (state_.running) return Status::busy("there is a job already: " + state_.kind);
  if (thread_.joinable()) thread_.join();  // which has done all but return
  state_ = {.id = state_.id + 1, .kind = kind, .running = true};
  began_ = steady_milliseconds();
  cancelled_ = false;
  thread_ = std::thread([this, work = std::move(work)] { run(work); });
  return state_.id;
}

void Jobs::run(const JobWork& work) {
  Run reports(*this);
  Result<std::string> outcome = std::string();
  try {
    outcome = work(reports);
  } catch (const std::exception& thrown) {
    outcome = Status::io_error(thrown.what());
  }
  const std::lock_guard lock(mutex_);
  state_.seconds = static_cast<double>(steady_milliseconds() - began_) / 1000;
  state_.running = false;
  if (outcome) {
    state_.outcome = *std::move(outcome);
  } else {
    state_.error = outcome.error().message();
  }
}

JobState Jobs::state() const {
  const std::lock_guard lock(mutex_);
  JobState state = state_;
  if (state.running) state.seconds = static_cast<double>(steady_milliseconds() - began_) / 1000;
  return state;
}

}  // namespace quipu::ui
