#include "backends/rocksdb/files/file_util.h"

#include <fcntl.h>
#include <rocksdb/file_checksum.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/filesystem.hpp>
#include <cerrno>
#include <memory>
#include <system_error>

namespace quipu::rocks {
namespace {

namespace fs = boost::filesystem;

constexpr size_t kCopyBytes = 1 << 20;

class Checksum {
 public:
  void add(const char* data, size_t size) { generator_->Update(data, size); }
  std::string hex() {
    generator_->Finalize();
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const char byte : generator_->GetChecksum()) {
      text += kDigits[static_cast<unsigned char>(byte) >> 4];
      text += kDigits[static_cast<unsigned char>(byte) & 15];
    }
    return text;
  }

 private:
  const std::unique_ptr<rocksdb::FileChecksumGenerator> generator_ =
      rocksdb::GetFileChecksumGenCrc32cFactory()->CreateFileChecksumGenerator({});
};

// Hands out the first `bytes` of an open file piece by piece. `path` is for the message.
template <class Use>
Status read_pieces(int file, uint64_t bytes, const std::string& path, Use use) {
  std::string buffer(kCopyBytes, '\0');
  for (uint64_t done = 0; done < bytes;) {
    const size_t wanted = std::min<uint64_t>(bytes - done, buffer.size());
    const ssize_t got = ::pread(file, buffer.data(), wanted, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return disk_error("cannot read", path, errno);
    if (got == 0) return Status::io_error("cannot read " + path + ": it has become shorter");
    QUIPU_RETURN_IF_ERROR(use(buffer.data(), static_cast<size_t>(got)));
    done += static_cast<uint64_t>(got);
  }
  return Status::ok();
}

Status write_all(int file, const char* data, size_t size, const std::string& path) {
  while (size > 0) {
    const ssize_t written = ::write(file, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return disk_error("cannot write", path, errno);
    data += written;
    size -= static_cast<size_t>(written);
  }
  return Status::ok();
}

}  // namespace

Status disk_error(const std::string& what, const std::string& path, int error) {
  return Status::io_error(what + " " + path + ": " + std::generic_category().message(error));
}

Result<std::string> read_small_file(const std::string& path, size_t limit) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return disk_error("cannot open", path, errno);
  struct stat info {};
  const bool regular = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  std::string text(regular ? std::min(limit, static_cast<size_t>(info.st_size)) : 0, '\0');
  const ssize_t got = ::read(file, text.data(), text.size());
  const int error = errno;
  ::close(file);
  if (!regular) return Status::io_error("cannot read " + path + ": not a regular file");
  if (got < 0) return disk_error("cannot read", path, error);
  text.resize(static_cast<size_t>(got));
  return text;
}

Status replace_file(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".tmp";
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (file < 0) return disk_error("cannot write", temporary, errno);
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  if (!written) return disk_error("cannot write", temporary, error);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return disk_error("cannot rename", temporary, errno);
  return sync_directory(path.substr(0, path.rfind('/')));
}

Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return Status::ok();
  return disk_error("cannot remove", path, errno);
}

Status sync_directory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return disk_error("cannot open", path, errno);
  const int result = ::fsync(directory);
  const int error = errno;
  ::close(directory);
  return result == 0 ? Status::ok() : disk_error("cannot sync", path, error);
}

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Status make_directory(const std::string& given) {
  const std::string path = without_slashes(given);
  const fs::path parent = fs::path(path).parent_path();
  boost::system::error_code error;
  if (!parent.empty() && !fs::exists(parent, error)) fs::create_directories(parent, error);
  if (error) return disk_error("cannot make directory", parent.string(), error.value());
  if (::mkdir(path.c_str(), 0700) == 0) return Status::ok();
  const int why = errno;
  return fs::is_directory(path, error) ? Status::ok() : disk_error("cannot make directory", path, why);
}

Result<std::vector<std::string>> names_in(const std::string& path) {
  std::vector<std::string> names;
  boost::system::error_code error;
  fs::directory_iterator at(path, error);
  if (error == boost::system::errc::no_such_file_or_directory) return names;
  for (const fs::directory_iterator end; !error && at != end; at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  if (error) return disk_error("cannot read directory", path, error.value());
  return names;
}

Result<bool> is_empty_directory(const std::string& path) {
  boost::system::error_code error;
  const fs::file_status found = fs::symlink_status(path, error);
  if (found.type() == fs::file_not_found) return true;
  if (error) return Status::io_error("cannot read " + path + ": " + error.message());
  if (!fs::is_directory(found)) return false;
  const bool empty = fs::is_empty(path, error);
  if (error) return Status::io_error("cannot read " + path + ": " + error.message());
  return empty;
}

Result<std::string> copy_file(int from, uint64_t bytes, const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) return disk_error("cannot write", path, errno);
  Checksum checksum;
  Status copied = read_pieces(from, bytes, path, [&](const char* data, size_t size) {
    checksum.add(data, size);
    return write_all(file, data, size, path);
  });
  if (copied.is_ok() && ::fsync(file) != 0) copied = disk_error("cannot sync", path, errno);
  ::close(file);
  QUIPU_RETURN_IF_ERROR(copied);
  return checksum.hex();
}

std::string checksum(std::string_view bytes) {
  Checksum checksum;
  checksum.add(bytes.data(), bytes.size());
  return checksum.hex();
}

Result<std::string> checksum_of_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return disk_error("cannot open", path, errno);
  struct stat info {};
  const bool regular = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  Checksum checksum;
  const Status read = regular ? read_pieces(file, static_cast<uint64_t>(info.st_size), path,
                                            [&](const char* data, size_t size) {
                                              checksum.add(data, size);
                                              return Status::ok();
                                            })
                              : Status::io_error("cannot read " + path + ": not a regular file");
  ::close(file);
  QUIPU_RETURN_IF_ERROR(read);
  return checksum.hex();
}

Status check_apart(const std::string& one, const std::string& other) {
  boost::system::error_code error;
  const fs::path first = fs::weakly_canonical(fs::absolute(one), error);
  if (error) return Status::io_error("cannot find " + one + ": " + error.message());
  const fs::path second = fs::weakly_canonical(fs::absolute(other), error);
  if (error) return Status::io_error("cannot find " + other + ": " + error.message());
  const auto parts = [](const fs::path& path) {
    std::vector<std::string> names;
    for (const fs::path& name : path) {
      if (name != "." && !name.empty()) names.push_back(name.string());
    }
    return names;
  };
  const std::vector<std::string> a = parts(first);
  const std::vector<std::string> b = parts(second);
  const auto shared = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
  if (!std::equal(a.begin(), a.begin() + shared, b.begin())) return Status::ok();
  return Status::invalid_argument(one + (a.size() == b.size() ? " and " : " and, within or around it, ") +
                                  other + ": two directories are needed that are apart");
}

}  // namespace quipu::rocks
