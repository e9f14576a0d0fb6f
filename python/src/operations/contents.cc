// Looking at databases and persist directories for Python, and mending: verify, diff, stat, repair.

#include "quipu/open_store.h"

#include <nanobind/stl/string.h>

#include "python/src/convert/arguments.h"
#include "python/src/convert/faults.h"
#include "python/src/convert/fsspec_file_system.h"
#include "python/src/convert/progress.h"
#include "python/src/convert/text.h"
#include "python/src/database/stats.h"
#include "python/src/operations/operations.h"
#include "quipu/stats.h"
#include "quipu/verify.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

ContentsOptions contents_options(const FileSystemArgument& files, const std::string& encoding,
                                 const ProgressCallback& progress) {
  ContentsOptions options;
  options.files.encoding = encoding;
  options.files.fs = &files.files();
  options.progress = progress;
  return options;
}

// The directory of a database's address, or None where it is in none.
nb::object store_directory(const Arg<"address", PathText>& address) {
  const std::optional<std::string> directory = take(directory_of_store(address.text));
  if (!directory) return nb::none();
  return nb::steal(
      PyUnicode_DecodeFSDefaultAndSize(directory->data(), static_cast<Py_ssize_t>(directory->size())));
}

// Faults as tuples.
nb::list verify(const std::string& location, const std::string& encoding, const nb::object& fs,
                nb::object progress) {
  const FileSystemArgument files(fs);
  std::vector<Fault> faults;
  run_watched(std::move(progress), {&files}, [&](const ProgressCallback& callback) {
    return verify_contents(
        location, [&](const Fault& fault) { faults.push_back(fault); },
        contents_options(files, encoding, callback));
  });
  nb::list found;
  for (const Fault& fault : faults) {
    found.append(to_tuple(fault));
  }
  return found;
}

// [(collection, key, what), ...]
nb::list diff(const std::string& a, const nb::object& a_fs, const std::string& b, const nb::object& b_fs,
              const std::string& encoding, nb::object progress) {
  const FileSystemArgument a_files(a_fs);
  const FileSystemArgument b_files(b_fs);
  std::vector<Difference> differences;
  run_watched(std::move(progress), {&a_files, &b_files}, [&](const ProgressCallback& callback) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const auto of_a, open_contents(a, contents_options(a_files, encoding, callback)));
    QUIPU_ASSIGN_OR_RETURN(const auto of_b, open_contents(b, contents_options(b_files, encoding, callback)));
    return diff_stores(
        *of_a, *of_b, [&](const Difference& difference) { differences.push_back(difference); }, callback);
  });
  nb::list found;
  for (const Difference& each : differences) {
    found.append(nb::make_tuple(to_readable(each.collection), to_readable(each.key), to_readable(each.what)));
  }
  return found;
}

// (format, {collection: keys}, bytes on disk, bytes that a search index may take)
nb::tuple stat(const std::string& address) {
  uint32_t format = 0;
  uint64_t bytes = 0;
  uint64_t search_memory = 0;
  std::vector<CollectionInfo> infos;
  run_watched(nb::none(), {}, [&](const ProgressCallback&) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const auto store, open_store(address, {.read_only = true}));
    QUIPU_ASSIGN_OR_RETURN(infos, store->collections());
    QUIPU_ASSIGN_OR_RETURN(bytes, store->disk_bytes());
    QUIPU_ASSIGN_OR_RETURN(format, store->format());
    search_memory = store->search_memory_bytes();
    return Status::ok();
  });
  nb::dict collections;
  for (const CollectionInfo& info : infos) collections[to_readable(info.name)] = info.count;
  return nb::make_tuple(format, collections, bytes, search_memory);
}

// As to_tuple() in stats.h, or None.
nb::object read_published_stats(const Arg<"directory", PathText>& directory) {
  const std::optional<StoreStats> stats = take(published_stats(directory.text));
  if (!stats) return nb::none();
  return to_tuple(*stats);
}

// ([(collection, key, fault, step), ...], entries set aside, the file that has them or "")
nb::tuple repair(const std::string& address, bool dry_run, bool accept_lost_writes, nb::object progress) {
  std::vector<RepairAction> steps;
  RepairReport report;
  run_watched(
      std::move(progress), {},
      [&](const ProgressCallback& callback) -> Status {
        RepairOptions options;
        options.dry_run = dry_run;
        options.accept_lost_writes = accept_lost_writes;
        options.report = [&](const RepairAction& step) { steps.push_back(step); };
        options.progress = callback;
        QUIPU_ASSIGN_OR_RETURN(const std::string directory, require_directory(address, "repair"));
        QUIPU_ASSIGN_OR_RETURN(report, repair_database(directory, options));
        return Status::ok();
      },
      BusyMeans::kLocked);
  nb::list done;
  for (const RepairAction& step : steps) {
    done.append(nb::make_tuple(to_readable(step.fault.collection), to_readable(step.fault.key),
                               to_readable(step.fault.message), to_readable(step.action)));
  }
  return nb::make_tuple(done, report.quarantined, to_str(report.quarantine));
}

}  // namespace

void register_contents(nb::module_& module) {
  module.attr("DATABASE_MARKER_FNAME") = to_str(DATABASE_MARKER_FNAME);
  module.def("is_new_database", &is_new_database, nb::arg("address"));
  module.def("directory_of_store", &store_directory, nb::arg("address"));
  module.def(
      "is_address", [](const Arg<"text", PathText>& text) { return is_address(text.text); }, nb::arg("text"));
  module.def("shown_address", &shown_address, nb::arg("address"));
  module.def("verify", &verify, nb::arg("location"), nb::arg("encoding"), nb::arg("fs").none(),
             nb::arg("progress").none());
  module.def("diff", &diff, nb::arg("a"), nb::arg("a_fs").none(), nb::arg("b"), nb::arg("b_fs").none(),
             nb::arg("encoding"), nb::arg("progress").none());
  module.def("stat", &stat, nb::arg("address"));
  module.def("published_stats", &read_published_stats, nb::arg("directory"));
  module.def("repair", &repair, nb::arg("address"), nb::arg("dry_run"), nb::arg("accept_lost_writes"),
             nb::arg("progress").none());
}

}  // namespace quipu::python
