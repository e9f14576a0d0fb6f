#include "engine/json/input_window.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace quipu {
namespace {

constexpr size_t kMinWindowBytes = 16;

Status io_error(const char* what, const std::string& path, int error) {
  return Status::io_error(std::string(what) + " " + path + ": " + std::generic_category().message(error));
}

// What is in a file's place, or null for a file.
const char* name_if_no_file(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return nullptr;
    case S_IFDIR: return "a directory";
    case S_IFIFO: return "a named pipe";
    case S_IFSOCK: return "a socket";
    default: return "a device";
  }
}

}  // namespace

InputWindow::~InputWindow() {
  if (file_ >= 0) ::close(file_);
}

Status InputWindow::open(const std::string& path, size_t window_bytes) {
  path_ = path;
  file_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  const int open_error = errno;
  struct stat info {};
  // A socket cannot be opened, but it can be named.
  const int found = file_ >= 0 ? ::fstat(file_, &info) : ::stat(path.c_str(), &info);
  if (found == 0) {
    if (const char* name = name_if_no_file(info.st_mode); name != nullptr) {
      return Status::io_error("cannot read " + path + ": it is " + name + ", not a file");
    }
  }
  if (file_ < 0) return io_error("cannot open", path, open_error);
  if (found != 0) return io_error("cannot read", path, errno);
  file_bytes_ = static_cast<uint64_t>(info.st_size);
#if defined(POSIX_FADV_SEQUENTIAL)
  ::posix_fadvise(file_, 0, 0, POSIX_FADV_SEQUENTIAL);  // only advice
#endif
  window_bytes_ = std::max(window_bytes, kMinWindowBytes);
  buffer_.resize(window_bytes_);
  return Status::ok();
}

Status InputWindow::read_more() {
  if (at_end_of_file_) return Status::ok();
  discarded_ += begin_;
  end_ -= begin_;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_);
  begin_ = 0;
  if (end_ == buffer_.capacity()) {
    buffer_.resize(buffer_.capacity() * 2);
  } else if (buffer_.capacity() > window_bytes_ && end_ <= buffer_.capacity() / 4) {
    buffer_.resize(std::max({window_bytes_, buffer_.capacity() / 2, end_}));
  }
  while (end_ < buffer_.capacity()) {
    const ssize_t got = ::read(file_, buffer_.data() + end_, buffer_.capacity() - end_);
    if (got < 0) {
      if (errno == EINTR) continue;
      return io_error("cannot read", path_, errno);
    }
    if (got == 0) {
      at_end_of_file_ = true;
      break;
    }
    end_ += static_cast<size_t>(got);
  }
  return Status::ok();
}

}  // namespace quipu
