// OpenRollback: what opening a database made, so that it can be taken away again when nothing came of it.

#ifndef QUIPU_BACKENDS_ROCKSDB_BACKUP_OPEN_ROLLBACK_H_
#define QUIPU_BACKENDS_ROCKSDB_BACKUP_OPEN_ROLLBACK_H_

#include <string>
#include <vector>

namespace quipu::rocks {

class OpenRollback {
 public:
  // REQUIRES: `directory` has not been opened yet.
  explicit OpenRollback(const std::string& directory);

  // Removes the database's files, and the directories that were missing before; nothing when the directory
  // held anything before, or somebody else has come to use it. REQUIRES: the database is closed.
  void remove() const;

 private:
  const std::string directory_;
  bool empty_ = false;
  std::vector<std::string> made_;  // the directories that were missing, the innermost first
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_BACKUP_OPEN_ROLLBACK_H_
