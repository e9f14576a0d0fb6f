// Faults: which file operation fails, and how. The faulty file systems of the tests ask it before each of
// their operations, so one object counts the operations of several.
//
// Thread-safety: all methods, from any thread.

#ifndef QUIPU_TESTS_SUPPORT_FAULTS_FAULTS_H_
#define QUIPU_TESTS_SUPPORT_FAULTS_FAULTS_H_

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace quipu::testing {

enum class FaultKind { kIoError, kNoSpace };

class Faults {
 public:
  // Operation number `nth`, the first is 1, fails: once, or with all that come after it. Counts from here.
  void fail(uint64_t nth, FaultKind kind, bool for_ever);
  // As fail(1, kind, true), for the files whose path ends with `ending`.
  void fail_files(std::string_view ending, FaultKind kind);
  void heal();

  // An operation on `path` begins: how it is to fail, if it is. One that only reads has no need of space.
  std::optional<FaultKind> next(std::string_view path);
  std::optional<FaultKind> next_read(std::string_view path);
  uint64_t operations() const;
  // The path of the first operation that failed; empty: none has.
  std::string failed_on() const;

 private:
  mutable std::mutex mutex_;
  uint64_t count_ = 0;
  uint64_t nth_ = 0;  // 0: none
  bool for_ever_ = false;
  FaultKind kind_ = FaultKind::kIoError;
  std::string ending_;
  std::string failed_on_;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_FAULTS_FAULTS_H_
