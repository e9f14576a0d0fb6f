// StagedDatabase: a database that is made beside its place, under another name, and put there in one step
// when it is complete. Until then it is removed with the object; what a process that died has left is removed
// by the next one for the same place.

#ifndef QUIPU_BACKENDS_ROCKSDB_BACKUP_STAGED_DATABASE_H_
#define QUIPU_BACKENDS_ROCKSDB_BACKUP_STAGED_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "backends/rocksdb/files/directory_lock.h"
#include "quipu/status.h"

namespace quipu::rocks {

class Database;

class StagedDatabase {
 public:
  // OK when a database may be made in `place`; else why not, as restore_backup() says. Makes nothing.
  static Status check_place(const std::string& place, bool replace);
  // Makes the directory, empty. With `replace` the place is locked.
  static Result<std::unique_ptr<StagedDatabase>> beside(const std::string& place, bool replace);
  // The same with all that the reader `core` has in it, complete; tables are hard links where that can be.
  static Result<std::unique_ptr<StagedDatabase>> copy_of(const Database& database, const std::string& place);
  ~StagedDatabase();
  StagedDatabase(const StagedDatabase&) = delete;
  StagedDatabase& operator=(const StagedDatabase&) = delete;

  // Where the files are to be made: rocksdb/ and indexes/, which are not there yet.
  const std::string& path() const { return path_; }
  // Makes a closed database of the files and all of it durable. kCorruption unless it reaches `sequence`.
  Status complete(uint64_t sequence);
  // Puts it in its place. The directory where foreign files have been left, if any; see RestoreReport.
  Result<std::string> publish();

 private:
  StagedDatabase(std::string place, bool replace, std::string path, int directory)
      : place_(std::move(place)), replace_(replace), path_(std::move(path)), directory_(directory) {}
  Result<std::string> exchange();

  const std::string place_;
  const bool replace_;
  const std::string path_;
  const int directory_;  // locked: it is in use
  std::unique_ptr<DirectoryLock> replaced_;
  bool published_ = false;
};

// Removes the files of a database, by their names, and the folders that are then empty. True when nothing is
// left.
bool remove_database(const std::string& path);
// The same, but for the directory itself, and for the files that make it a database where anything else is
// left in it.
void empty_database(const std::string& path);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_BACKUP_STAGED_DATABASE_H_
