// BackupDirectory: a directory of backups: what is in it, and whether it is sound.

#ifndef QUIPU_BACKENDS_ROCKSDB_BACKUP_BACKUP_DIRECTORY_H_
#define QUIPU_BACKENDS_ROCKSDB_BACKUP_BACKUP_DIRECTORY_H_

#include <rocksdb/utilities/backup_engine.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/rocksdb/backup/backup_record.h"
#include "backends/rocksdb/files/directory_lock.h"
#include "quipu/backup.h"

namespace quipu::rocks {

class BackupDirectory {
 public:
  struct Backup {
    BackupInfo info;
    BackupRecord record;      // REQUIRES: info.state is OK
    bool unfinished = false;  // it has no record
  };

  // For looking. Changes nothing. What is read of backups, `work`, if any, is told of, and ends.
  static Result<std::unique_ptr<BackupDirectory>> open(const std::string& path, Work* work = nullptr);
  // For adding to: locked, made when it does not exist, and without what unfinished backups have left.
  // kCorruption when there is a damaged backup, which adding could take the rest of.
  static Result<std::unique_ptr<BackupDirectory>> open_to_add(const std::string& path);

  const std::string& path() const { return path_; }
  std::string meta_path(uint32_t id) const { return path_ + "/meta/" + std::to_string(id); }
  std::string record_path(uint32_t id) const { return path_ + "/records/" + std::to_string(id); }
  std::string index_path(const BackupRecord::IndexFile& file) const {
    return path_ + "/indexes/" + file.stored_name();
  }
  // By id.
  const std::map<uint32_t, Backup>& backups() const { return backups_; }
  Result<const Backup*> find(uint32_t id) const;
  // Reads everything.
  Status verify(const Backup& backup) const;
  // Removes all but the newest `keep`. REQUIRES: opened to add.
  Result<std::vector<BackupInfo>> prune(uint64_t keep);
  rocksdb::BackupEngineReadOnly& engine() const { return *engine_; }

  rocksdb::BackupEngineOptions engine_options() const { return rocksdb::BackupEngineOptions(path_); }

 private:
  explicit BackupDirectory(std::string path, Work* work = nullptr) : path_(std::move(path)), work_(work) {}
  Status check_marker() const;
  Status load();
  Status judge(Backup& backup) const;
  Status find_files(const Backup& backup) const;
  Status prepare();
  Status remove_unfinished();
  Status remove_files(std::vector<uint32_t> going);
  Status remove_index_files() const;
  std::string removal_path(uint32_t id) const;

  const std::string path_;
  Work* const work_;
  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<rocksdb::Env> lists_;  // what the engine reads through
  std::unique_ptr<rocksdb::BackupEngineReadOnly> engine_;
  std::map<uint32_t, Backup> backups_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_BACKUP_BACKUP_DIRECTORY_H_
