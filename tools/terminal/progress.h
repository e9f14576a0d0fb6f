// A progress bar on standard error, drawn only when that is a terminal and erased when it goes.

#ifndef QUIPU_TOOLS_TERMINAL_PROGRESS_H_
#define QUIPU_TOOLS_TERMINAL_PROGRESS_H_

#include <chrono>
#include <cstddef>

#include "quipu/persist_dir.h"
#include "quipu/status.h"

namespace quipu::cli {

class ProgressBar {
 public:
  explicit ProgressBar(bool quiet);
  ~ProgressBar() { erase(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // For ImportOptions::progress and its like; cancels the call once a signal has come (cancel.h).
  // Lifetime: the bar must outlive the callback.
  ProgressCallback callback();

  void erase();
  double seconds() const;  // since the bar was made

 private:
  void draw(const Progress& progress);

  using Clock = std::chrono::steady_clock;
  const bool visible_;
  const bool colour_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_;
  size_t width_ = 0;  // columns of what is on the screen
};

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_TERMINAL_PROGRESS_H_
