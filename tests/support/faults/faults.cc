#include "tests/support/faults/faults.h"

namespace quipu::testing {

void Faults::fail(uint64_t nth, FaultKind kind, bool for_ever) {
  std::lock_guard lock(mutex_);
  count_ = 0;
  nth_ = nth;
  kind_ = kind;
  for_ever_ = for_ever;
  ending_.clear();
  failed_on_.clear();
}

void Faults::fail_files(std::string_view ending, FaultKind kind) {
  fail(1, kind, /*for_ever=*/true);
  std::lock_guard lock(mutex_);
  ending_ = ending;
}

void Faults::heal() {
  std::lock_guard lock(mutex_);
  nth_ = 0;
}

std::optional<FaultKind> Faults::next(std::string_view path) {
  std::lock_guard lock(mutex_);
  if (!path.ends_with(ending_)) return std::nullopt;
  ++count_;
  if (nth_ == 0 || count_ < nth_ || (count_ > nth_ && !for_ever_)) return std::nullopt;
  if (failed_on_.empty()) failed_on_ = path;
  return kind_;
}

std::optional<FaultKind> Faults::next_read(std::string_view path) {
  {
    std::lock_guard lock(mutex_);
    if (nth_ != 0 && kind_ == FaultKind::kNoSpace) return std::nullopt;
  }
  return next(path);
}

uint64_t Faults::operations() const {
  std::lock_guard lock(mutex_);
  return count_;
}

std::string Faults::failed_on() const {
  std::lock_guard lock(mutex_);
  return failed_on_;
}

}  // namespace quipu::testing
