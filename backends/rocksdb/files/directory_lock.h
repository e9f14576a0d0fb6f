// DirectoryLock: the file LOCK in a directory, locked and holding our process id, for as long as this lives.

#ifndef QUIPU_BACKENDS_ROCKSDB_FILES_DIRECTORY_LOCK_H_
#define QUIPU_BACKENDS_ROCKSDB_FILES_DIRECTORY_LOCK_H_

#include <memory>
#include <string>

#include "quipu/status.h"

namespace quipu::rocks {

class DirectoryLock {
 public:
  // kBusy, naming the holder, when somebody else has it: at once, without waiting.
  static Result<std::unique_ptr<DirectoryLock>> take(const std::string& directory);
  // OK unless somebody has it now. Changes nothing.
  static Status check(const std::string& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int file) : file_(file) {}

  const int file_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FILES_DIRECTORY_LOCK_H_
