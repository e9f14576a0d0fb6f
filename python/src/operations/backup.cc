// Backups for Python.

#include "quipu/backup.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include "python/src/convert/progress.h"
#include "python/src/convert/text.h"
#include "python/src/operations/operations.h"
#include "quipu/open_store.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

// (id, seconds since 1970, files, bytes, new bytes, what is wrong with it or None)
nb::tuple to_tuple(const BackupInfo& info) {
  const nb::object fault = info.state.is_ok() ? nb::none() : nb::object(to_str(info.state.message()));
  return nb::make_tuple(info.id, info.created, info.files, info.bytes, info.new_bytes, fault);
}

template <class Call>
auto without_gil(Call call) {
  nb::gil_scoped_release released;
  return call();
}

nb::tuple create(const std::string& address, const std::string& directory, nb::object progress) {
  BackupInfo info;
  run_watched(std::move(progress), {}, [&](const ProgressCallback& callback) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const std::string database, require_directory(address, "backups"));
    QUIPU_ASSIGN_OR_RETURN(info, create_backup(database, directory, callback));
    return Status::ok();
  });
  return to_tuple(info);
}

void verify(const std::string& directory, uint32_t id, nb::object progress) {
  run_watched(std::move(progress), {},
              [&](const ProgressCallback& callback) { return verify_backup(directory, id, callback); });
}

nb::list list(const std::string& directory) {
  const std::vector<BackupInfo> found = without_gil([&] { return take(list_backups(directory)); });
  nb::list infos;
  for (const BackupInfo& info : found) infos.append(to_tuple(info));
  return infos;
}

// (the backup, where files of others have been left or "")
nb::tuple restore(const std::string& directory, const std::string& address, std::optional<uint32_t> backup,
                  std::optional<int64_t> before, bool replace, bool dry_run, nb::object progress) {
  RestoreOptions options{.backup = backup, .before = before, .replace = replace, .dry_run = dry_run};
  RestoreReport report;
  run_watched(
      std::move(progress), {},
      [&](const ProgressCallback& callback) -> Status {
        options.progress = callback;
        QUIPU_ASSIGN_OR_RETURN(const std::string database, require_directory(address, "backups"));
        QUIPU_ASSIGN_OR_RETURN(report, restore_backup(directory, database, options));
        return Status::ok();
      },
      BusyMeans::kLocked);
  return nb::make_tuple(to_tuple(report.backup), to_str(report.kept_aside));
}

}  // namespace

void register_backup(nb::module_& module) {
  module.def("create_backup", &create, nb::arg("address"), nb::arg("directory"), nb::arg("progress").none());
  module.def("list_backups", &list, nb::arg("directory"));
  module.def("verify_backup", &verify, nb::arg("directory"), nb::arg("id"), nb::arg("progress").none());
  module.def("restore_backup", &restore, nb::arg("directory"), nb::arg("address"), nb::arg("backup").none(),
             nb::arg("before").none(), nb::arg("replace"), nb::arg("dry_run"), nb::arg("progress").none());
  module.def(
      "create_checkpoint",
      [](const std::string& address, const std::string& directory) {
        without_gil(
            [&] { check(create_checkpoint(take(require_directory(address, "checkpoints")), directory)); });
      },
      nb::arg("address"), nb::arg("directory"));
}

}  // namespace quipu::python
