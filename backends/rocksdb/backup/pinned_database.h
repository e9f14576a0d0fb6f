// PinnedDatabase: a reader's database as BackupEngine wants it: it lists the pinned files as the live ones.

#ifndef QUIPU_BACKENDS_ROCKSDB_BACKUP_PINNED_DATABASE_H_
#define QUIPU_BACKENDS_ROCKSDB_BACKUP_PINNED_DATABASE_H_

#include <vector>

#include "backends/rocksdb/database/database.h"
#include "backends/rocksdb/files/rocksdb_version.h"

namespace quipu::rocks {

class PinnedDatabase : public KeptDatabase {
 public:
  // REQUIRES: core.is_reader(), and it outlives this.
  explicit PinnedDatabase(const Database& database);

  rocksdb::Status GetLiveFilesStorageInfo(const rocksdb::LiveFilesStorageInfoOptions& options,
                                          std::vector<rocksdb::LiveFileStorageInfo>* files) override;

 private:
  const Database& database_;
};

// What belongs to the database of a reader: tables that the manifest names, logs, manifest and CURRENT.
std::vector<rocksdb::LiveFileStorageInfo> live_files(const Database& database);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_BACKUP_PINNED_DATABASE_H_
