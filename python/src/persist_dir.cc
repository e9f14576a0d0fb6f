// import_persist_dir and export_persist_dir for Python.

#include "quipu/persist_dir.h"

#include <nanobind/stl/string.h>

#include <exception>

#include "python/src/stores.h"
#include "python/src/text.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

// Calls a Python callable (file, bytes done, bytes in all) and looks for Ctrl-C; whichever raises ends the
// work.
class ProgressToPython {
 public:
  explicit ProgressToPython(nb::object callable) : callable_(std::move(callable)) {}

  Status operator()(const Progress& progress) {
    nb::gil_scoped_acquire gil;
    try {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
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
  nb::object callable_;
  std::exception_ptr raised_;
};

// {file name: {collection: keys}}
nb::dict to_dict(const std::vector<FileReport>& files) {
  nb::dict report;
  for (const FileReport& file : files) {
    nb::dict collections;
    for (const CollectionReport& each : file.collections) collections[to_str(each.name)] = each.count;
    report[to_str(file.name)] = collections;
  }
  return report;
}

// What `call` reports, given its options with a progress callback added.
template <class Options, class Call>
nb::dict report_of(const Database& database, Options options, nb::object progress, Call call) {
  ProgressToPython to_python(std::move(progress));
  options.progress = std::ref(to_python);
  const auto report = database.run([&] { return call(options); });
  to_python.rethrow();
  return to_dict(take(report).files);
}

nb::dict import_dir(const Database& database, const std::string& directory, bool merge, nb::object progress) {
  ImportOptions options;
  options.merge = merge;
  return report_of(database, options, std::move(progress), [&](const ImportOptions& with_progress) {
    return import_persist_dir(directory, *database.store(), with_progress);
  });
}

nb::dict export_dir(const Database& database, const std::string& directory, bool force, nb::object progress) {
  ExportOptions options;
  options.force = force;
  return report_of(database, options, std::move(progress), [&](const ExportOptions& with_progress) {
    return export_persist_dir(*database.store(), directory, with_progress);
  });
}

}  // namespace

void register_persist_dir(nb::module_& module) {
  module.def("import_dir", &import_dir, nb::arg("database"), nb::arg("directory"), nb::arg("merge"),
             nb::arg("progress").none());
  module.def("export_dir", &export_dir, nb::arg("database"), nb::arg("directory"), nb::arg("force"),
             nb::arg("progress").none());
}

}  // namespace quipu::python
