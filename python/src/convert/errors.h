// A Status as the Python exception that LlamaIndex's stores raise in its place.

#ifndef QUIPU_PYTHON_CONVERT_ERRORS_H_
#define QUIPU_PYTHON_CONVERT_ERRORS_H_

#include <nanobind/nanobind.h>

#include <exception>
#include <utility>

#include "quipu/status.h"

namespace quipu::python {

// What kBusy means for the call that returned it.
enum class BusyMeans { kBusy, kLocked, kConflict };

// Carries a Status to the boundary, where it becomes a Python exception; may be thrown without the GIL.
class StatusError : public std::exception {
 public:
  explicit StatusError(Status status, BusyMeans busy = BusyMeans::kBusy)
      : status_(std::move(status)), busy_(busy) {}
  const Status& status() const { return status_; }
  BusyMeans busy() const { return busy_; }
  const char* what() const noexcept override { return status_.message().c_str(); }

 private:
  Status status_;
  BusyMeans busy_;
};

inline void check(Status status, BusyMeans busy = BusyMeans::kBusy) {
  if (!status.is_ok()) throw StatusError(std::move(status), busy);
}

template <class T>
T take(Result<T> result, BusyMeans busy = BusyMeans::kBusy) {
  if (!result) throw StatusError(std::move(result).error(), busy);
  return *std::move(result);
}

// Defines the exceptions of the module, and how a StatusError becomes one.
void register_errors(nanobind::module_& module);

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_CONVERT_ERRORS_H_
