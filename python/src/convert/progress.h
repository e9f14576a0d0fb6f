// How far a long call has come, told to Python; and Ctrl-C during it.

#ifndef QUIPU_PYTHON_CONVERT_PROGRESS_H_
#define QUIPU_PYTHON_CONVERT_PROGRESS_H_

#include <nanobind/nanobind.h>

#include <exception>
#include <functional>
#include <initializer_list>
#include <utility>

#include "python/src/convert/errors.h"
#include "python/src/convert/fsspec_file_system.h"
#include "python/src/convert/text.h"
#include "quipu/persist_dir.h"

namespace quipu::python {

// Calls a Python callable (file, bytes done, bytes in all) and looks for Ctrl-C; whichever raises ends the
// work. For a ProgressCallback, which refers to it: std::ref().
class ProgressToPython {
 public:
  explicit ProgressToPython(nanobind::object callable) : callable_(std::move(callable)) {}

  Status operator()(const Progress& progress) {
    const nanobind::gil_scoped_acquire gil;
    try {
      if (PyErr_CheckSignals() != 0) throw nanobind::python_error();
      if (!callable_.is_none()) callable_(to_str(progress.file), progress.bytes_done, progress.bytes_total);
    } catch (...) {
      raised_ = std::current_exception();
      return Status::invalid_argument("cancelled");
    }
    return Status::ok();
  }
  // Goes on with what was raised, if anything was.
  void rethrow() const {
    if (raised_) std::rethrow_exception(raised_);
  }

 private:
  nanobind::object callable_;
  std::exception_ptr raised_;
};

// Runs `call`, which takes a ProgressCallback and returns a Status, without the GIL.
template <class Call>
void run_watched(nanobind::object progress, std::initializer_list<const FileSystemArgument*> files, Call call,
                 BusyMeans busy = BusyMeans::kBusy) {
  ProgressToPython to_python(std::move(progress));
  const Status done = [&] {
    const nanobind::gil_scoped_release without_gil;
    return call(ProgressCallback(std::ref(to_python)));
  }();
  to_python.rethrow();
  for (const FileSystemArgument* each : files) each->rethrow();
  check(done, busy);
}

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_CONVERT_PROGRESS_H_
