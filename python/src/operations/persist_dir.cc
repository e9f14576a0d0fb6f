// import_persist_dir and export_persist_dir for Python.

#include "quipu/persist_dir.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/src/convert/faults.h"
#include "python/src/convert/fsspec_file_system.h"
#include "python/src/convert/progress.h"
#include "python/src/convert/text.h"
#include "python/src/database/database.h"
#include "python/src/operations/operations.h"
#include "quipu/memory_kv_store.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

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

// What `call` reports, given its options with file system and progress added.
template <class Options, class Call>
auto report_of(Options options, const nb::object& fs, nb::object progress, Call call) {
  const FileSystemArgument files(fs);
  ProgressToPython to_python(std::move(progress));
  options.fs = &files.files();
  options.progress = std::ref(to_python);
  auto report = call(options);
  to_python.rethrow();
  files.rethrow();
  return take(std::move(report));
}

// (files, those that were not imported, notes, warnings). `database`: None for a dry run where there is none.
nb::tuple import_dir(const Database* database, const std::string& directory,
                     const std::vector<std::string>& files, bool merge, bool dry_run, bool strict,
                     const std::string& encoding, const nb::object& fs, nb::object progress) {
  ImportOptions options;
  options.files = files;
  options.merge = merge;
  options.strict = strict;
  options.encoding = encoding;
  options.dry_run = dry_run;
  const ImportReport report =
      report_of(std::move(options), fs, std::move(progress), [&](const ImportOptions& complete) {
        if (database != nullptr) {
          return database->run([&] { return import_persist_dir(directory, *database->store(), complete); });
        }
        const nb::gil_scoped_release without_gil;
        MemoryKVStore nothing;  // what a database that is yet to be made holds
        return import_persist_dir(directory, nothing, complete);
      });
  nb::dict not_imported;
  for (const NotImportedFile& file : report.not_imported)
    not_imported[to_str(file.name)] = to_str(file.reason);
  nb::list warnings;
  for (const Fault& warning : report.warnings) warnings.append(to_tuple(warning));
  return nb::make_tuple(to_dict(report.files), not_imported, to_list(report.notes), warnings);
}

nb::dict export_dir(const Database& database, const std::string& directory, bool force, bool dry_run,
                    const nb::object& fs, nb::object progress) {
  ExportOptions options;
  options.force = force;
  options.dry_run = dry_run;
  const ExportReport report =
      report_of(std::move(options), fs, std::move(progress), [&](const ExportOptions& complete) {
        return database.run([&] { return export_persist_dir(*database.store(), directory, complete); });
      });
  return to_dict(report.files);
}

}  // namespace

void register_persist_dir(nb::module_& module) {
  module.def("import_dir", &import_dir, nb::arg("database").none(), nb::arg("directory"), nb::arg("files"),
             nb::arg("merge"), nb::arg("dry_run"), nb::arg("strict"), nb::arg("encoding"),
             nb::arg("fs").none(), nb::arg("progress").none());
  module.def("export_dir", &export_dir, nb::arg("database"), nb::arg("directory"), nb::arg("force"),
             nb::arg("dry_run"), nb::arg("fs").none(), nb::arg("progress").none());
}

}  // namespace quipu::python
