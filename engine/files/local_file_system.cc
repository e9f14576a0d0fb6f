#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <cerrno>
#include <system_error>

#include "engine/files/atomic_file.h"
#include "quipu/file_system.h"

namespace quipu {
namespace {

namespace fs = boost::filesystem;

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

Status check_is_file(const std::string& path, mode_t mode) {
  const char* const name = name_if_no_file(mode);
  if (name == nullptr) return Status::ok();
  return Status::io_error("cannot read " + path + ": it is " + name + ", not a file");
}

class LocalInputFile : public InputFile {
 public:
  explicit LocalInputFile(const std::string& path) : path_(path) {}
  ~LocalInputFile() override {
    if (file_ >= 0) ::close(file_);
  }

  // What is no file is refused by name, without waiting for it.
  Status open() {
    file_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    const int open_error = errno;
    struct stat info {};
    // A socket cannot be opened, but it can be named.
    const int found = file_ >= 0 ? ::fstat(file_, &info) : ::stat(path_.c_str(), &info);
    if (found == 0) QUIPU_RETURN_IF_ERROR(check_is_file(path_, info.st_mode));
    if (file_ < 0) return io_error("cannot open", path_, open_error);
    if (found != 0) return io_error("cannot read", path_, errno);
    size_ = static_cast<uint64_t>(info.st_size);
#if defined(POSIX_FADV_SEQUENTIAL)
    ::posix_fadvise(file_, 0, 0, POSIX_FADV_SEQUENTIAL);  // only advice
#endif
    return Status::ok();
  }

  Result<size_t> read(char* to, size_t size) override {
    while (true) {
      const ssize_t got = ::read(file_, to, size);
      if (got >= 0) return static_cast<size_t>(got);
      if (errno != EINTR) return io_error("cannot read", path_, errno);
    }
  }
  uint64_t size() const override { return size_; }

 private:
  const std::string path_;
  int file_ = -1;
  uint64_t size_ = 0;
};

class LocalFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<InputFile>> open(const std::string& path) const override {
    auto file = std::make_unique<LocalInputFile>(path);
    QUIPU_RETURN_IF_ERROR(file->open());
    return file;
  }

  Result<std::unique_ptr<OutputFile>> create(const std::string& path) const override {
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file, AtomicFile::create(path));
    return file;
  }

  Result<std::optional<uint64_t>> file_size(const std::string& path) const override {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) {
      QUIPU_RETURN_IF_ERROR(check_is_file(path, info.st_mode));
      return std::optional(static_cast<uint64_t>(info.st_size));
    }
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<uint64_t>();
    return io_error("cannot read", path, errno);
  }

  Result<std::vector<std::string>> list(const std::string& directory) const override {
    std::vector<std::string> names;
    boost::system::error_code error;
    for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
      names.push_back(at->path().filename().string());
    }
    if (error) return Status::io_error("cannot list " + directory + ": " + error.message());
    std::ranges::sort(names);
    return names;
  }

  Result<bool> make_directory(const std::string& directory) const override {
    boost::system::error_code error;
    const bool made = !directory.empty() && fs::create_directories(directory, error);
    if (error) return Status::io_error("cannot make directory " + directory + ": " + error.message());
    return made;
  }

  void remove_directory(const std::string& directory) const override { (void)::rmdir(directory.c_str()); }

  Status remove_file(const std::string& path) const override {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return Status::ok();
    return io_error("cannot remove", path, errno);
  }
};

}  // namespace

const FileSystem& local_file_system() {
  static const LocalFileSystem kLocal;
  return kLocal;
}

}  // namespace quipu
