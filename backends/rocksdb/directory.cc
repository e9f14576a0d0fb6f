#include "backends/rocksdb/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>

namespace quipu::rocks {
namespace {

namespace fs = boost::filesystem;

constexpr std::string_view kMarker = "quipu format ";
constexpr unsigned kFormat = 1;

Status io_error(const std::string& what, const std::string& path, int error) {
  return Status::io_error(what + " " + path + ": " + std::generic_category().message(error));
}

Status sync_directory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return io_error("cannot open", path, errno);
  const int result = ::fsync(directory);
  const int error = errno;
  ::close(directory);
  return result == 0 ? Status::ok() : io_error("cannot sync", path, error);
}

// A small file whole; at most `limit` bytes of it.
Result<std::string> read_small_file(const std::string& path, size_t limit) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return io_error("cannot open", path, errno);
  std::string text(limit, '\0');
  const ssize_t got = ::read(file, text.data(), limit);
  const int error = errno;
  ::close(file);
  if (got < 0) return io_error("cannot read", path, error);
  text.resize(static_cast<size_t>(got));
  return text;
}

Status check_marker(const std::string& directory, std::string_view text) {
  unsigned format = 0;
  const bool ours = text.starts_with(kMarker);
  if (ours) text.remove_prefix(kMarker.size());
  const std::from_chars_result read = std::from_chars(text.data(), text.data() + text.size(), format);
  if (!ours || read.ec != std::errc() || read.ptr == text.data() + text.size() || *read.ptr != '\n') {
    return Status::corruption(directory + "/QUIPU does not name a format");
  }
  if (format > kFormat || format == 0) {
    return Status::invalid_argument(directory + " has format " + std::to_string(format) +
                                    ", which this build does not know: it knows formats up to " +
                                    std::to_string(kFormat) + ", a newer one may know more");
  }
  return Status::ok();
}

}  // namespace

Result<std::unique_ptr<Directory>> Directory::open(const std::string& path, bool create_if_missing) {
  std::unique_ptr<Directory> directory(new Directory(path));
  bool is_new = false;
  QUIPU_RETURN_IF_ERROR(directory->check(create_if_missing, is_new));
  if (is_new) {
    boost::system::error_code error;
    fs::create_directories(path, error);
    if (error) return Status::io_error("cannot make directory " + path + ": " + error.message());
  }
  QUIPU_RETURN_IF_ERROR(directory->lock());
  if (is_new) QUIPU_RETURN_IF_ERROR(directory->write_marker());
  QUIPU_RETURN_IF_ERROR(directory->empty_temporary());
  return directory;
}

Directory::~Directory() { unlock(); }

void Directory::unlock() {
  if (lock_ < 0) return;
  ::flock(lock_, LOCK_UN);  // closing is not enough where a child of fork() has it open still
  ::close(lock_);
  lock_ = -1;
}

Status Directory::check(bool create_if_missing, bool& is_new) const {
  boost::system::error_code error;
  const fs::file_status status = fs::status(path_, error);
  if (status.type() == fs::file_not_found) {
    if (!create_if_missing) return Status::io_error("cannot open " + path_ + ": No such file or directory");
    is_new = true;
    return Status::ok();
  }
  if (error) return Status::io_error("cannot read " + path_ + ": " + error.message());
  if (!fs::is_directory(status)) return Status::invalid_argument(path_ + " is not a directory");
  if (fs::exists(path_ + "/QUIPU", error)) {
    QUIPU_ASSIGN_OR_RETURN(const std::string marker, read_small_file(path_ + "/QUIPU", 64));
    return check_marker(path_, marker);
  }
  for (fs::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name == "LOCK" || name == "QUIPU.tmp") continue;  // a directory that was being made
    return Status::invalid_argument(path_ + " is not a Quipu directory, and not empty: it holds " + name);
  }
  if (error) return Status::io_error("cannot read directory " + path_ + ": " + error.message());
  if (!create_if_missing) return Status::invalid_argument(path_ + " is empty: no Quipu directory");
  is_new = true;
  return Status::ok();
}

Status Directory::lock() {
  const std::string path = path_ + "/LOCK";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) return io_error("cannot open", path, errno);
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_error("cannot lock", path, errno);
    const Result<std::string> holder = read_small_file(path, 32);
    std::string who = holder && !holder->empty() ? "process " + *holder : "another process";
    if (holder && *holder == std::to_string(::getpid())) who = "this process";
    return Status::busy(path_ + " is in use: " + who + " has it open");
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(lock_, 0) != 0 || ::pwrite(lock_, pid.data(), pid.size(), 0) < 0) {
    return io_error("cannot write", path, errno);
  }
  return Status::ok();
}

Status Directory::write_marker() const {
  const std::string text = std::string(kMarker) + std::to_string(kFormat) + "\n";
  const std::string temporary = path_ + "/QUIPU.tmp";
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return io_error("cannot write", temporary, errno);
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  if (!written) return io_error("cannot write", temporary, error);
  if (::rename(temporary.c_str(), (path_ + "/QUIPU").c_str()) != 0) {
    return io_error("cannot rename", temporary, errno);
  }
  return sync_directory(path_);
}

Result<std::string> Directory::make_index_directory() const {
  boost::system::error_code error;
  fs::create_directory(path_ + "/indexes", error);
  if (error) return Status::io_error("cannot make " + path_ + "/indexes: " + error.message());
  return path_ + "/indexes";
}

Status Directory::empty_temporary() const {
  boost::system::error_code error;
  fs::remove_all(temporary_path(), error);
  if (!error) fs::create_directory(temporary_path(), error);
  if (error) return Status::io_error("cannot empty " + temporary_path() + ": " + error.message());
  // Index files that were being written when a process died.
  std::vector<fs::path> unfinished;
  for (fs::directory_iterator it(path_ + "/indexes", error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with('.') && name.ends_with(".tmp")) unfinished.push_back(it->path());
  }
  for (const fs::path& file : unfinished) fs::remove(file, error);  // what stays only takes up room
  return Status::ok();
}

}  // namespace quipu::rocks
