#include "backends/rocksdb/files/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "backends/rocksdb/files/file_util.h"
#include "backends/rocksdb/files/layout.h"

namespace quipu::rocks {
namespace {

// Whether the descriptor is of the file that is now there under the name.
bool is_same_file(int file, const std::string& path) {
  struct stat ours {};
  struct stat there {};
  return ::fstat(file, &ours) == 0 && ::stat(path.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
         ours.st_dev == there.st_dev;
}

Status held_by(const std::string& directory, const std::string& path) {
  const Result<std::string> holder = read_small_file(path, 32);
  std::string who = holder && !holder->empty() ? "process " + *holder : "another process";
  if (holder && *holder == std::to_string(::getpid())) who = "this process";
  return Status::busy(directory + " is in use: " + who + " has it open");
}

}  // namespace

Result<std::unique_ptr<DirectoryLock>> DirectoryLock::take(const std::string& directory) {
  const std::string path = in_directory(directory, kLockFile);
  std::unique_ptr<DirectoryLock> lock;
  // A restore may put another directory in the place of this one while we wait to be asked for it.
  do {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (file < 0) return disk_error("cannot open", path, errno);
    lock.reset(new DirectoryLock(file));
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      return errno == EWOULDBLOCK ? held_by(directory, path) : disk_error("cannot lock", path, errno);
    }
  } while (!is_same_file(lock->file_, path));
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(lock->file_, 0) != 0 || ::pwrite(lock->file_, pid.data(), pid.size(), 0) < 0) {
    return disk_error("cannot write", path, errno);
  }
  return lock;
}

Status DirectoryLock::check(const std::string& directory) {
  const std::string path = in_directory(directory, kLockFile);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return errno == ENOENT ? Status::ok() : disk_error("cannot open", path, errno);
  const DirectoryLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return Status::ok();
  return errno == EWOULDBLOCK ? held_by(directory, path) : disk_error("cannot lock", path, errno);
}

DirectoryLock::~DirectoryLock() {
  ::flock(file_, LOCK_UN);  // closing is not enough where a child of fork() has it open still
  ::close(file_);
}

}  // namespace quipu::rocks
