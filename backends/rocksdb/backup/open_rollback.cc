#include "backends/rocksdb/backup/open_rollback.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/filesystem.hpp>

#include "backends/rocksdb/backup/staged_database.h"
#include "backends/rocksdb/files/layout.h"
#include "quipu/rocksdb_kv_store.h"

namespace fs = boost::filesystem;

namespace quipu {

bool RocksDBKVStore::is_empty_directory(const std::string& directory) {
  boost::system::error_code error;
  const fs::file_status found = fs::status(directory, error);
  if (found.type() == fs::file_not_found) return true;
  if (found.type() != fs::directory_file) return false;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name != rocks::kLockFile && name != rocks::kMarkerBeingMade) return false;
  }
  return !error;
}

namespace rocks {

OpenRollback::OpenRollback(const std::string& directory)
    : directory_(directory), empty_(RocksDBKVStore::is_empty_directory(directory)) {
  boost::system::error_code error;
  for (fs::path at = fs::absolute(directory); at.has_relative_path(); at = at.parent_path()) {
    if (fs::status(at, error).type() != fs::file_not_found) break;
    made_.push_back(at.string());
  }
}

void OpenRollback::remove() const {
  if (!empty_) return;
  const int lock = ::open(in_directory(directory_, kLockFile).c_str(), O_RDWR | O_CLOEXEC);
  if (lock < 0) return;
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0) {  // else somebody else has come to use it
    empty_database(directory_);
    boost::system::error_code ignored;
    for (const std::string& made : made_) fs::remove(made, ignored);  // only empty directories go
  }
  ::close(lock);
}

}  // namespace rocks
}  // namespace quipu
