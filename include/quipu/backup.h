// Backups of a database into a directory of backups, and back. Each backup is complete by itself; those of
// one directory share the files that did not change, so that a further one takes the space and time of the
// change.
//
//   QUIPU_ASSIGN_OR_RETURN(BackupInfo made, create_backup("/data/my-index", "/data/my-backups"));
//   QUIPU_RETURN_IF_ERROR(verify_backup("/data/my-backups", made.id));
//   RestoreOptions options;
//   options.backup = made.id;  // without: the newest
//   QUIPU_RETURN_IF_ERROR(restore_backup("/data/my-backups", "/data/restored", options).status());
//
// A database may be written while it is backed up or checkpointed, by this process or another; its writer is
// not held up. What is copied is one moment: every write that had returned when the call was made, of any
// other write all or nothing. Copied are all collections and the files of search graphs. What a writer has
// only in its log is copied with the log, at most about half of its memory budget; RocksDBKVStore::flush()
// before keeps that from being copied each time.
//
// Thread-safety: all functions may be called at any time from any thread and process; two backups into one
// directory at once: the second is kBusy.
// Errors: nothing has changed after one, but for files that the next call removes. kBusy, kIoError,
// kCorruption (a file is damaged, named), kInvalidArgument, kAlreadyExists. The files: docs/FORMAT.md.

#ifndef QUIPU_BACKUP_H_
#define QUIPU_BACKUP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quipu/progress.h"
#include "quipu/status.h"

namespace quipu {

struct BackupInfo {
  uint32_t id = 0;         // 1, 2, ... within its directory
  int64_t created = 0;     // seconds since 1970, UTC, by the clock of who made it
  uint64_t files = 0;      // that belong to it,
  uint64_t bytes = 0;      // and their size; shared ones count in each backup
  uint64_t new_bytes = 0;  // of them, what it added to the directory
  Status state;            // kCorruption: it cannot be restored, and why. Contents are not looked at.
};

// Backs the database in `database` up into `directory`, which is made when it does not exist; one that holds
// anything but backups is refused. Then reads the whole backup and compares checksums.
// Cost: copies what is new, reads the backup once. Cancelled by `progress`, no backup is left.
Result<BackupInfo> create_backup(const std::string& database, const std::string& directory,
                                 const ProgressCallback& progress = {});

// All backups, oldest first, the damaged ones among them, which keep nobody from the others. Reads no data.
Result<std::vector<BackupInfo>> list_backups(const std::string& directory);

// Removes all backups but the newest `keep`, at least one, and the files that only they had. Returns those
// removed, the oldest first. kCorruption, and nothing is removed, where one is damaged. Whenever it is
// interrupted, each backup is whole or gone; the next backup, or the same call again, frees the space.
Result<std::vector<BackupInfo>> prune_backups(const std::string& directory, uint64_t keep);

// OK when every file of the backup is there and has its checksum; else kCorruption naming a file. kNotFound:
// there is no such backup. Reads all of it.
Status verify_backup(const std::string& directory, uint32_t id, const ProgressCallback& progress = {});

struct RestoreOptions {
  // At most one of these: a backup's number, or the newest that was made before this second (since 1970,
  // UTC). Without either it is the newest, if it is sound.
  std::optional<uint32_t> backup;
  std::optional<int64_t> before;
  // Allow a directory that is not empty. A database in it is replaced; all other files stay in it.
  bool replace = false;
  // Verify, and find out whether the place will do, but write nothing.
  bool dry_run = false;
  // Cancelled by it, nothing is in the place but what was there.
  ProgressCallback progress = {};
};

struct RestoreReport {
  BackupInfo backup;
  // Where files are that were in the place of the database's own and are not of any database; empty: there
  // were none.
  std::string kept_aside;
};

// Makes `database` the database that was backed up. The backup is verified, restored beside the place, opened
// once and made durable; only then is it put in place, in one step. Refused are, before anything is written:
// a damaged backup; a directory that is not empty (kAlreadyExists), unless options.replace; a database that
// somebody has open (kBusy), readers excepted, who go on with what they have; a link; the directory of
// backups, and what is in it or holds it. Cost: reads the backup twice and writes it once.
Result<RestoreReport> restore_backup(const std::string& directory, const std::string& database,
                                     const RestoreOptions& options = {});

// Makes `directory`, which must not exist or be empty, a database with the present contents of `database`.
// Table files are hard links where both are on one file system, so it takes little time and space; else
// copies. Either database may then be written or removed without the other noticing.
Status create_checkpoint(const std::string& database, const std::string& directory);

}  // namespace quipu

#endif  // QUIPU_BACKUP_H_
