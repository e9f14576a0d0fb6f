// BackupRecord: what is known of one backup beside RocksDB's own files; see docs/FORMAT.md. A backup without
// its record was never finished.

#ifndef QUIPU_BACKENDS_ROCKSDB_BACKUP_BACKUP_RECORD_H_
#define QUIPU_BACKENDS_ROCKSDB_BACKUP_BACKUP_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quipu::rocks {

struct BackupRecord {
  struct IndexFile {
    std::string name;  // within indexes/ of the database
    uint64_t bytes = 0;
    std::string checksum;

    // Within indexes/ of the backups.
    std::string stored_name() const { return checksum + "-" + std::to_string(bytes) + "-" + name; }
  };

  // Whether a name can be that of an index file of backups.
  static bool is_stored_name(std::string_view name);

  uint64_t id = 0;
  uint64_t created = 0;
  uint64_t sequence = 0;  // that the database must reach
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t new_bytes = 0;
  std::string meta_checksum;  // of RocksDB's list of the files, which has their checksums
  std::vector<IndexFile> index_files;

  std::string text() const;
  // Nothing when a byte of it is not as text() wrote it.
  static std::optional<BackupRecord> parse(std::string_view text);
};

// A name that a search graph's file may have: a name from a backup becomes a path only if it is one.
bool is_index_file_name(std::string_view name);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_BACKUP_BACKUP_RECORD_H_
