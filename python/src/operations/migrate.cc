// migrate for Python.

#include <nanobind/stl/string.h>

#include <string>

#include "python/src/convert/faults.h"
#include "python/src/convert/fsspec_file_system.h"
#include "python/src/convert/progress.h"
#include "python/src/convert/text.h"
#include "python/src/operations/operations.h"
#include "quipu/open_store.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

// ([(name, file, keys, SHA-256), ...], bytes, was there, resumed, left out, notes, warnings)
nb::tuple to_tuple(const MigrateReport& report) {
  nb::list collections;
  for (const MigratedCollection& each : report.collections) {
    collections.append(
        nb::make_tuple(to_readable(each.name), to_readable(each.persist_file), each.count, each.sha256));
  }
  nb::list warnings;
  for (const Fault& warning : report.imported.warnings) warnings.append(python::to_tuple(warning));
  return nb::make_tuple(collections, report.bytes, report.was_there, report.resumed, to_list(report.left_out),
                        to_list(report.imported.notes), warnings);
}

nb::tuple migrate_between(const std::string& source, const nb::object& source_fs, const std::string& target,
                          const nb::object& target_fs, const std::string& to, bool dry_run,
                          const std::string& encoding, nb::object progress) {
  const FileSystemArgument source_files(source_fs);
  const FileSystemArgument target_files(target_fs);
  MigrateOptions options;
  options.dry_run = dry_run;
  options.encoding = encoding;
  options.source_files = &source_files.files();
  options.target_files = &target_files.files();
  MigrateReport report;
  run_watched(
      std::move(progress), {&source_files, &target_files},
      [&](const ProgressCallback& callback) -> Status {
        options.progress = callback;
        QUIPU_ASSIGN_OR_RETURN(options.to, parse_migrate_to(to));
        QUIPU_ASSIGN_OR_RETURN(report, migrate(source, target, options));
        return Status::ok();
      },
      BusyMeans::kLocked);
  return to_tuple(report);
}

}  // namespace

void register_migrate(nb::module_& module) {
  module.def("migrate", &migrate_between, nb::arg("source"), nb::arg("source_fs").none(), nb::arg("target"),
             nb::arg("target_fs").none(), nb::arg("to"), nb::arg("dry_run"), nb::arg("encoding"),
             nb::arg("progress").none());
}

}  // namespace quipu::python
