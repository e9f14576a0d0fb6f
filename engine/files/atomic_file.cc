#include "engine/files/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <random>
#include <system_error>
#include <utility>

namespace quipu {
namespace {

constexpr size_t kBufferBytes = 1 << 20;
constexpr size_t kMaxNameBytes = 255;  // of a file, NAME_MAX of the usual file systems
constexpr int kMaxAttempts = 100;

// A name that nobody else is likely to choose.
std::string temporary_name_for(const std::string& name) {
  std::random_device random;
  std::string suffix = ".";
  suffix += std::to_string(::getpid()) + '-' + std::to_string(random()) + ".tmp";
  std::string temporary = ".";
  temporary += name.substr(0, kMaxNameBytes - 1 - suffix.size());
  return temporary += suffix;
}

}  // namespace

// As temporary_name_for() makes them of names that need not be cut.
bool is_left_temporary(std::string_view file, std::string_view name) {
  constexpr std::string_view kEnding = ".tmp";
  if (!file.starts_with('.') || !file.ends_with(kEnding)) return false;
  file.remove_prefix(1);
  file.remove_suffix(kEnding.size());
  if (!file.starts_with(name) || file.size() <= name.size() || file[name.size()] != '.') return false;
  return file.find_first_not_of("0123456789-", name.size() + 1) == std::string_view::npos;
}

Result<std::unique_ptr<AtomicFile>> AtomicFile::create(const std::string& path) {
  std::unique_ptr<AtomicFile> writer(new AtomicFile(path));
  QUIPU_RETURN_IF_ERROR(writer->open());
  return writer;
}

AtomicFile::~AtomicFile() {
  discard();
  if (directory_ >= 0) ::close(directory_);
}

Status AtomicFile::open() {
  const size_t slash = path_.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  name_ = path_.substr(slash + 1);  // npos + 1 is 0
  if (name_.empty() || name_ == "." || name_ == ".." || path_.find('\0') != std::string::npos) {
    return Status::invalid_argument("cannot write " + path_ + ": not the name of a file");
  }
  // All else goes by this handle, so that the file lands where it was asked for even if the directory moves.
  directory_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory_ < 0) return fail("cannot write", errno);
  // A name that cannot be replaced is refused now, rather than after all is written.
  struct stat info {};
  if (::fstatat(directory_, name_.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    if (S_ISDIR(info.st_mode)) return fail("cannot write", EISDIR);
  } else if (errno != ENOENT) {
    return fail("cannot write", errno);
  }
  for (int attempt = 0; file_ < 0; ++attempt) {
    const std::string name = temporary_name_for(name_);
    file_ = ::openat(directory_, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file_ >= 0) {
      temporary_name_ = name;
    } else if (errno != EEXIST || attempt == kMaxAttempts) {
      return fail("cannot write", errno);
    }
  }
  buffer_.reserve(kBufferBytes * 2);
  return Status::ok();
}

// Keeps the error, and removes the temporary file: nothing good can come of it.
Status AtomicFile::fail(const char* what, int error) {
  status_ = Status::io_error(std::string(what) + " " + path_ + ": " + std::generic_category().message(error));
  discard();
  return status_;
}

void AtomicFile::discard() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
  if (!temporary_name_.empty()) ::unlinkat(directory_, temporary_name_.c_str(), 0);
  temporary_name_.clear();
}

Status AtomicFile::write(std::string_view bytes) {
  bytes_flushed_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      return fail("cannot write", errno);
    }
  }
  return Status::ok();
}

Status AtomicFile::flush() {
  Status status = write(buffer_);
  buffer_.clear();
  return status;
}

Status AtomicFile::append(std::string_view text) {
  QUIPU_RETURN_IF_ERROR(status_);
  if (text.size() >= kBufferBytes) {  // too long to be worth a copy
    QUIPU_RETURN_IF_ERROR(flush());
    return write(text);
  }
  buffer_ += text;
  return buffer_.size() >= kBufferBytes ? flush() : Status::ok();
}

Status AtomicFile::commit() {
  QUIPU_RETURN_IF_ERROR(status_);
  QUIPU_RETURN_IF_ERROR(flush());
  // A failed fsync is final: the kernel may have dropped the pages and call a second one a success.
  if (::fsync(file_) != 0) return fail("cannot make durable", errno);
  if (::close(std::exchange(file_, -1)) != 0) return fail("cannot write", errno);
  if (::renameat(directory_, temporary_name_.c_str(), directory_, name_.c_str()) != 0) {
    return fail("cannot replace", errno);
  }
  temporary_name_.clear();
  if (::fsync(directory_) != 0) return fail("cannot make durable the directory of", errno);
  return Status::ok();
}

}  // namespace quipu
