// Making databases of backups, and of other databases.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "backends/rocksdb/backup/backup_directory.h"
#include "backends/rocksdb/backup/pinned_database.h"
#include "backends/rocksdb/backup/staged_database.h"
#include "backends/rocksdb/files/file_util.h"
#include "backends/rocksdb/files/layout.h"
#include "backends/rocksdb/format/status.h"

namespace quipu {
namespace rocks {
namespace {

Result<const BackupDirectory::Backup*> choose(const BackupDirectory& directory,
                                              const RestoreOptions& options) {
  if (options.backup && options.before) {
    return Status::invalid_argument("a backup is named by its number or by a time, not by both");
  }
  if (options.backup) return directory.find(*options.backup);
  const BackupDirectory::Backup* newest = nullptr;
  for (const auto& [id, backup] : directory.backups()) {
    if (options.before && backup.info.created >= *options.before) continue;
    if (newest == nullptr || !options.before || backup.info.created >= newest->info.created) newest = &backup;
  }
  if (newest != nullptr) return newest;
  return Status::not_found("no backup in " + directory.path() +
                           (options.before ? " was made before that" : ""));
}

Status copy_path(const std::string& from, const std::string& to) {
  const int file = ::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info {};
  if (file < 0 || ::fstat(file, &info) != 0) return disk_error("cannot open", from, errno);
  Status copied = copy_file(file, static_cast<uint64_t>(info.st_size), to).status();
  ::close(file);
  return copied;
}

Result<std::string> make_folder(const StagedDatabase& staged, std::string_view name) {
  std::string path = in_directory(staged.path(), name);
  if (::mkdir(path.c_str(), 0700) != 0) return disk_error("cannot make", path, errno);
  return path;
}

Status copy_indexes(const BackupDirectory& directory, const BackupRecord& record,
                    const StagedDatabase& staged) {
  QUIPU_ASSIGN_OR_RETURN(const std::string folder, make_folder(staged, kIndexFolder));
  for (const BackupRecord::IndexFile& file : record.index_files) {
    QUIPU_RETURN_IF_ERROR(copy_path(directory.index_path(file), folder + "/" + file.name));
  }
  return sync_directory(folder);
}

// A table file of a database as another name of the same file, where that is possible.
Status link_or_copy(const PinnedFiles& pinned, const std::string& name, const std::string& to) {
  const PinnedFilePtr file = pinned.find(name);
  if (!file) return Status::corruption(pinned.path() + "/" + name + " is missing");
  if (::link((pinned.path() + "/" + name).c_str(), to.c_str()) == 0) {
    struct stat ours {};
    struct stat linked {};
    const bool same = ::fstat(file->descriptor(), &ours) == 0 && ::stat(to.c_str(), &linked) == 0 &&
                      ours.st_ino == linked.st_ino && ours.st_dev == linked.st_dev;
    if (same) return Status::ok();
    ::unlink(to.c_str());
  }
  return copy_file(file->descriptor(), file->size(), to).status();
}

Status copy_database(const Database& source, const StagedDatabase& staged) {
  QUIPU_ASSIGN_OR_RETURN(const std::string folder, make_folder(staged, kRocksDBFolder));
  const PinnedFiles& pinned = *source.pinned_files();
  for (const rocksdb::LiveFileStorageInfo& file : live_files(source)) {
    const std::string to = folder + "/" + file.relative_filename;
    if (file.file_type == rocksdb::kTableFile) {
      QUIPU_RETURN_IF_ERROR(link_or_copy(pinned, file.relative_filename, to));
    } else if (!file.replacement_contents.empty()) {
      QUIPU_RETURN_IF_ERROR(replace_file(to, file.replacement_contents));
    } else {
      const PinnedFilePtr held = pinned.find(file.relative_filename);
      QUIPU_RETURN_IF_ERROR(copy_file(held->descriptor(), held->size(), to).status());
    }
  }
  QUIPU_ASSIGN_OR_RETURN(const std::string indexes, make_folder(staged, kIndexFolder));
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_in(source.directory().index_path()));
  for (const std::string& name : names) {
    if (!is_index_file_name(name)) continue;
    QUIPU_RETURN_IF_ERROR(copy_path(source.directory().index_path() + "/" + name, indexes + "/" + name));
  }
  return sync_directory(indexes);
}

Result<RestoreReport> restore(const std::string& directory, const std::string& database,
                              const RestoreOptions& options, Work& work) {
  QUIPU_ASSIGN_OR_RETURN(const auto backups, BackupDirectory::open(directory, &work));
  QUIPU_ASSIGN_OR_RETURN(const auto* const backup, choose(*backups, options));
  work.set_done(0);
  work.expect((options.dry_run ? 1 : 2) * backup->info.bytes);
  QUIPU_RETURN_IF_ERROR(backups->verify(*backup));
  RestoreReport report{backup->info, {}};
  if (options.dry_run) {
    QUIPU_RETURN_IF_ERROR(work.finish());
    return report;
  }
  QUIPU_ASSIGN_OR_RETURN(const auto staged, StagedDatabase::beside(database, options.replace));
  QUIPU_ASSIGN_OR_RETURN(const std::string place, make_folder(*staged, kRocksDBFolder));
  QUIPU_RETURN_IF_ERROR(from_rocksdb(
      backups->engine().RestoreDBFromBackup(rocksdb::RestoreOptions(), backup->info.id, place, place),
      directory + ": cannot restore backup " + std::to_string(backup->info.id)));
  QUIPU_RETURN_IF_ERROR(copy_indexes(*backups, backup->record, *staged));
  QUIPU_RETURN_IF_ERROR(staged->complete(backup->record.sequence));
  QUIPU_RETURN_IF_ERROR(work.finish());
  QUIPU_ASSIGN_OR_RETURN(report.kept_aside, staged->publish());
  return report;
}

}  // namespace

Result<std::unique_ptr<StagedDatabase>> StagedDatabase::copy_of(const Database& source,
                                                                const std::string& place) {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<StagedDatabase> staged, beside(place, /*replace=*/false));
  QUIPU_RETURN_IF_ERROR(copy_database(source, *staged));
  QUIPU_RETURN_IF_ERROR(staged->complete(source.db().GetLatestSequenceNumber()));
  return staged;
}

}  // namespace rocks

Result<RestoreReport> restore_backup(const std::string& directory, const std::string& database,
                                     const RestoreOptions& options) {
  QUIPU_RETURN_IF_ERROR(rocks::StagedDatabase::check_place(database, options.replace));
  QUIPU_RETURN_IF_ERROR(rocks::check_apart(directory, database));
  RestoreReport report;
  QUIPU_RETURN_IF_ERROR(watch(options.progress, directory, [&](Work& work) -> Status {
    QUIPU_ASSIGN_OR_RETURN(report, rocks::restore(directory, database, options, work));
    return Status::ok();
  }));
  return report;
}

Status create_checkpoint(const std::string& database, const std::string& directory) {
  QUIPU_RETURN_IF_ERROR(rocks::StagedDatabase::check_place(directory, /*replace=*/false));
  QUIPU_RETURN_IF_ERROR(rocks::check_apart(database, directory));
  QUIPU_ASSIGN_OR_RETURN(const auto source, rocks::Database::open_for_reading(database, {}));
  QUIPU_ASSIGN_OR_RETURN(const auto staged, rocks::StagedDatabase::copy_of(*source, directory));
  return staged->publish().status();
}

}  // namespace quipu
