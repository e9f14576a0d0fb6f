// Making backups, and looking at them.

#include "quipu/backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <cerrno>
#include <chrono>

#include "backends/rocksdb/backup/backup_directory.h"
#include "backends/rocksdb/backup/pinned_database.h"
#include "backends/rocksdb/files/file_util.h"
#include "backends/rocksdb/files/watched_files.h"
#include "backends/rocksdb/format/status.h"

namespace quipu {
namespace rocks {
namespace {

namespace fs = boost::filesystem;

// The bytes of all files below a directory.
uint64_t bytes_below(const std::string& path) {
  uint64_t bytes = 0;
  boost::system::error_code error;
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    boost::system::error_code ignored;  // it is a figure for people
    if (at->symlink_status(ignored).type() == fs::regular_file) bytes += fs::file_size(at->path(), ignored);
  }
  return bytes;
}

// A backup under way; what it has added is removed with it unless it is finished.
class Making {
 public:
  Making(const Database& source, const BackupDirectory& directory, Work& work)
      : database_(source),
        directory_(directory),
        work_(work),
        database_files_(watched_env(*source.db().GetEnv(), work)),
        backup_files_(watched_env(*rocksdb::Env::Default(), work)) {}
  ~Making() {
    if (!engine_ || id_ == 0) return;
    // Without its record it is no backup. What stays the next one removes.
    const bool unrecorded = remove_file(directory_.record_path(id_)).is_ok() &&
                            sync_directory(directory_.path() + "/records").is_ok();
    if (unrecorded) engine_->DeleteBackup(id_).PermitUncheckedError();
  }

  Result<BackupInfo> run() {
    const uint64_t before = bytes_below(directory_.path());
    record_.created = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count());
    record_.sequence = database_.db().GetLatestSequenceNumber();
    uint64_t bytes = 0;
    for (const rocksdb::LiveFileStorageInfo& file : live_files(database_)) bytes += file.size;
    work_.expect(2 * bytes);  // copied, if it is new, and read again
    QUIPU_RETURN_IF_ERROR(copy_database());
    work_.set_done(bytes);
    QUIPU_RETURN_IF_ERROR(copy_indexes());
    // As one who comes later sees it: from the files alone.
    rocksdb::BackupEngineReadOnly* opened = nullptr;
    QUIPU_RETURN_IF_ERROR(from_rocksdb(
        rocksdb::BackupEngineReadOnly::Open(directory_.engine_options(), backup_files_.get(), &opened),
        directory_.path() + ": cannot read the backup again"));
    const std::unique_ptr<rocksdb::BackupEngineReadOnly> reader(opened);
    rocksdb::BackupInfo made;
    rocksdb::Status read = reader->GetBackupInfo(id_, &made);
    if (read.ok()) read = reader->VerifyBackup(id_, /*verify_with_checksum=*/true);
    QUIPU_RETURN_IF_ERROR(from_rocksdb(
        read, directory_.path() +
                  ": the backup could not be read back as it was written (take another directory)"));
    QUIPU_ASSIGN_OR_RETURN(record_.meta_checksum, checksum_of_file(directory_.meta_path(id_)));
    record_.id = id_;
    record_.files = made.number_files + record_.index_files.size();
    record_.bytes = made.size;
    for (const BackupRecord::IndexFile& file : record_.index_files) record_.bytes += file.bytes;
    record_.new_bytes = bytes_below(directory_.path()) - before;
    QUIPU_RETURN_IF_ERROR(work_.finish());
    QUIPU_RETURN_IF_ERROR(replace_file(directory_.record_path(id_), record_.text()));
    BackupInfo info{
        id_, static_cast<int64_t>(record_.created), record_.files, record_.bytes, record_.new_bytes, {}};
    id_ = 0;  // it stays
    return info;
  }

 private:
  Status copy_database() {
    rocksdb::BackupEngineOptions options = directory_.engine_options();
    options.backup_env = rocksdb::Env::Default();
    rocksdb::BackupEngine* opened = nullptr;
    QUIPU_RETURN_IF_ERROR(from_rocksdb(rocksdb::BackupEngine::Open(options, database_files_.get(), &opened),
                                       directory_.path() + ": cannot open the backups"));
    engine_.reset(opened);
    PinnedDatabase database(database_);
    return from_rocksdb(engine_->CreateNewBackup(rocksdb::CreateBackupOptions(), &database, &id_),
                        directory_.path() + ": cannot make a backup of " + database_.directory().path());
  }

  // A graph that a writer replaces meanwhile is the older or the newer one: both are made current when
  // loaded.
  Status copy_indexes() {
    const std::string folder = database_.directory().index_path();
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_in(folder));
    for (const std::string& name : names) {
      if (is_index_file_name(name)) QUIPU_RETURN_IF_ERROR(copy_index(folder + "/" + name, name));
    }
    return sync_directory(directory_.path() + "/indexes");
  }
  Status copy_index(const std::string& path, const std::string& name) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    struct stat info {};
    if (file >= 0 && (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)))
      return ::close(file), Status::ok();
    if (file < 0) return errno == ENOENT ? Status::ok() : disk_error("cannot open", path, errno);
    const std::string temporary = directory_.path() + "/indexes/copying";
    ::unlink(temporary.c_str());  // what one that died has left
    BackupRecord::IndexFile copy{name, static_cast<uint64_t>(info.st_size), {}};
    const Result<std::string> copied = copy_file(file, copy.bytes, temporary);
    ::close(file);
    if (!copied) return copied.error();
    copy.checksum = *copied;
    if (::rename(temporary.c_str(), directory_.index_path(copy).c_str()) != 0) {
      return disk_error("cannot rename", temporary, errno);
    }
    record_.index_files.push_back(std::move(copy));
    return Status::ok();
  }

  const Database& database_;
  const BackupDirectory& directory_;
  Work& work_;
  const std::unique_ptr<rocksdb::Env> database_files_;
  const std::unique_ptr<rocksdb::Env> backup_files_;
  std::unique_ptr<rocksdb::BackupEngine> engine_;
  rocksdb::BackupID id_ = 0;
  BackupRecord record_;
};

}  // namespace
}  // namespace rocks

Result<BackupInfo> create_backup(const std::string& database, const std::string& directory,
                                 const ProgressCallback& progress) {
  QUIPU_RETURN_IF_ERROR(rocks::check_apart(database, directory));
  BackupInfo info;
  QUIPU_RETURN_IF_ERROR(watch(progress, database, [&](Work& work) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const auto source, rocks::Database::open_for_reading(database, {}));
    QUIPU_ASSIGN_OR_RETURN(const auto backups, rocks::BackupDirectory::open_to_add(directory));
    QUIPU_ASSIGN_OR_RETURN(info, rocks::Making(*source, *backups, work).run());
    return Status::ok();
  }));
  return info;
}

Result<std::vector<BackupInfo>> list_backups(const std::string& directory) {
  QUIPU_ASSIGN_OR_RETURN(const auto backups, rocks::BackupDirectory::open(directory));
  std::vector<BackupInfo> infos;
  for (const auto& [id, backup] : backups->backups()) infos.push_back(backup.info);
  return infos;
}

Result<std::vector<BackupInfo>> prune_backups(const std::string& directory, uint64_t keep) {
  if (keep == 0) return Status::invalid_argument("at least one backup must be kept");
  QUIPU_RETURN_IF_ERROR(rocks::BackupDirectory::open(directory).status());  // one that there is
  QUIPU_ASSIGN_OR_RETURN(const auto backups, rocks::BackupDirectory::open_to_add(directory));
  return backups->prune(keep);
}

Status verify_backup(const std::string& directory, uint32_t id, const ProgressCallback& progress) {
  return watch(progress, directory, [&](Work& work) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const auto backups, rocks::BackupDirectory::open(directory, &work));
    QUIPU_ASSIGN_OR_RETURN(const auto* const backup, backups->find(id));
    work.set_done(0);
    work.expect(backup->info.bytes);
    QUIPU_RETURN_IF_ERROR(backups->verify(*backup));
    return work.finish();
  });
}

}  // namespace quipu
