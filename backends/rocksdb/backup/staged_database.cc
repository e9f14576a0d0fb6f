#include "backends/rocksdb/backup/staged_database.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <cerrno>
#include <cstdio>
#include <random>
#include <string_view>

#include "backends/rocksdb/database/database.h"
#include "backends/rocksdb/files/directory.h"
#include "backends/rocksdb/files/file_util.h"
#include "backends/rocksdb/files/layout.h"

namespace quipu::rocks {
namespace {

namespace fs = boost::filesystem;

constexpr std::string_view kInfix = ".making-";  // between the place's name and a number

std::string parent_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

// Opens a directory and locks it; -1 when somebody else has.
int lock_directory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory >= 0 && ::flock(directory, LOCK_EX | LOCK_NB) == 0) return directory;
  if (directory >= 0) ::close(directory);
  return -1;
}

// What processes that died have left for `place`.
void remove_leftovers(const std::string& place) {
  const std::string prefix = fs::path(place).filename().string() + std::string(kInfix);
  boost::system::error_code error;
  for (fs::directory_iterator at(parent_of(place), error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool fits = name.starts_with(prefix) && name.size() == prefix.size() + 8 &&
                      name.find_first_not_of("0123456789abcdef", prefix.size()) == std::string::npos;
    const int directory = fits ? lock_directory(at->path().string()) : -1;
    if (directory < 0) continue;
    remove_database(at->path().string());
    ::close(directory);
  }
}

bool is_database(const std::string& path) {
  return ::access(in_directory(path, kMarkerFile).c_str(), F_OK) == 0;
}

}  // namespace

Status StagedDatabase::check_place(const std::string& given, bool replace) {
  const std::string place = without_slashes(given);
  const std::string name = fs::path(place).filename().string();
  if (name.empty() || name == "." || name == ".." || name == "/") {
    return Status::invalid_argument("'" + given + "' does not name a directory by its own name");
  }
  boost::system::error_code error;
  const fs::file_status found = fs::symlink_status(place, error);
  if (found.type() == fs::file_not_found) {
    if (fs::is_directory(parent_of(place), error)) return Status::ok();
    return Status::io_error("no such directory: " + parent_of(place));
  }
  if (error) return Status::io_error("cannot read " + place + ": " + error.message());
  if (fs::is_symlink(found)) return Status::invalid_argument(place + " is a link; name the directory itself");
  if (!fs::is_directory(found)) return Status::invalid_argument(place + " is not a directory");
  QUIPU_ASSIGN_OR_RETURN(const bool empty, is_empty_directory(place));
  if (empty) return Status::ok();
  QUIPU_RETURN_IF_ERROR(DirectoryLock::check(place));
  if (replace) return Status::ok();
  return Status::already_exists(
      "the directory " + place +
      " is not empty (replace puts this in a database's place, and leaves other files)");
}

Result<std::unique_ptr<StagedDatabase>> StagedDatabase::beside(const std::string& given, bool replace) {
  QUIPU_RETURN_IF_ERROR(check_place(given, replace));
  const std::string place = without_slashes(given);
  remove_leftovers(place);
  char number[9];
  std::snprintf(number, sizeof number, "%08x", static_cast<unsigned>(std::random_device()()));
  const std::string path = place + std::string(kInfix) + number;
  if (::mkdir(path.c_str(), 0700) != 0) return disk_error("cannot make", path, errno);
  const int directory = lock_directory(path);
  if (directory < 0) return disk_error("cannot lock", path, errno);
  std::unique_ptr<StagedDatabase> fresh(new StagedDatabase(place, replace, path, directory));
  if (replace && ::access(in_directory(place, kLockFile).c_str(), F_OK) == 0) {
    QUIPU_ASSIGN_OR_RETURN(fresh->replaced_, DirectoryLock::take(place));
  }
  return fresh;
}

StagedDatabase::~StagedDatabase() {
  if (!published_) remove_database(path_);
  ::close(directory_);
}

Status StagedDatabase::complete(uint64_t sequence) {
  QUIPU_RETURN_IF_ERROR(Directory::write_marker(path_));
  {
    QUIPU_ASSIGN_OR_RETURN(const auto session, SessionFile::open(in_directory(path_, kSessionFile)));
    QUIPU_RETURN_IF_ERROR(session->begin(sequence));
  }
  RocksDBOptions options;
  options.create_if_missing = false;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database,
                         Database::open(path_, options, rocksdb::Env::Default()));
  QUIPU_RETURN_IF_ERROR(database->close());
  QUIPU_RETURN_IF_ERROR(sync_directory(in_directory(path_, kRocksDBFolder)));
  return sync_directory(path_);
}

Result<std::string> StagedDatabase::publish() {
  QUIPU_ASSIGN_OR_RETURN(const bool empty, is_empty_directory(place_));
  std::string kept_aside;
  if (replace_ && !empty) {
    QUIPU_ASSIGN_OR_RETURN(kept_aside, exchange());
  } else if (::rename(path_.c_str(), place_.c_str()) != 0) {  // over nothing, or an empty directory
    return disk_error("cannot rename to", place_, errno);
  }
  published_ = true;
  QUIPU_RETURN_IF_ERROR(sync_directory(parent_of(place_)));
  return kept_aside;
}

// Swaps names with what is there, and takes away of that what was a database.
Result<std::string> StagedDatabase::exchange() {
  const bool was_database = is_database(place_);
  if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, place_.c_str(), RENAME_EXCHANGE) != 0) {
    return disk_error("cannot put the database in the place of", place_, errno);
  }
  published_ = true;
  QUIPU_RETURN_IF_ERROR(sync_directory(parent_of(place_)));
  bool empty = was_database ? remove_database(path_) : false;
  boost::system::error_code error;
  if (!empty) {
    for (fs::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
      const std::string name = at->path().filename().string();
      // Never over what is there; an error leaves the file where it is.
      ::renameat2(AT_FDCWD, at->path().c_str(), AT_FDCWD, (place_ + "/" + name).c_str(), RENAME_NOREPLACE);
    }
    QUIPU_RETURN_IF_ERROR(sync_directory(place_));
    empty = ::rmdir(path_.c_str()) == 0;
  }
  return empty ? std::string() : path_;
}

}  // namespace quipu::rocks
