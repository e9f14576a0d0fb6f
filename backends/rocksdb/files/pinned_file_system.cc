#include "backends/rocksdb/files/pinned_file_system.h"

#include <rocksdb/file_system.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace quipu::rocks {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

IOStatus refused(const std::string& path) { return IOStatus::NotSupported("opened for reading only", path); }

IOStatus read_from(const PinnedFile& file, uint64_t offset, size_t count, rocksdb::Slice* result,
                   char* scratch) {
  const int64_t got = file.read(offset, scratch, count);
  if (got < 0) return IOStatus::IOError("cannot read: " + std::generic_category().message(errno));
  *result = rocksdb::Slice(scratch, static_cast<size_t>(got));
  return IOStatus::OK();
}

class PinnedSequentialFile : public rocksdb::FSSequentialFile {
 public:
  explicit PinnedSequentialFile(PinnedFilePtr file) : file_(std::move(file)) {}
  IOStatus Read(size_t n, const IOOptions& /*options*/, rocksdb::Slice* result, char* scratch,
                IODebugContext* /*dbg*/) override {
    IOStatus read = read_from(*file_, offset_, n, result, scratch);
    if (read.ok()) offset_ += result->size();
    return read;
  }
  IOStatus Skip(uint64_t n) override {
    offset_ += n;
    return IOStatus::OK();
  }

 private:
  const PinnedFilePtr file_;
  uint64_t offset_ = 0;
};

class PinnedRandomAccessFile : public rocksdb::FSRandomAccessFile {
 public:
  explicit PinnedRandomAccessFile(PinnedFilePtr file) : file_(std::move(file)) {}
  IOStatus Read(uint64_t offset, size_t n, const IOOptions& /*options*/, rocksdb::Slice* result,
                char* scratch, IODebugContext* /*dbg*/) const override {
    return read_from(*file_, offset, n, result, scratch);
  }
  IOStatus Prefetch(uint64_t /*offset*/, size_t /*n*/, const IOOptions& /*options*/,
                    IODebugContext* /*dbg*/) override {
    return IOStatus::NotSupported("Prefetch");  // RocksDB then reads ahead into its own buffer
  }

 private:
  const PinnedFilePtr file_;
};

class PinnedDirectory : public rocksdb::FSDirectory {
 public:
  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*dbg*/) override {
    return IOStatus::NotSupported("opened for reading only");
  }
};

class PinnedFileSystem : public rocksdb::FileSystem {
 public:
  explicit PinnedFileSystem(std::shared_ptr<const PinnedFiles> files) : files_(std::move(files)) {}
  const char* Name() const override { return "quipu.PinnedFileSystem"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions& /*options*/,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             IODebugContext* /*dbg*/) override {
    const PinnedFilePtr file = find(path);
    if (!file) return absent(path);
    *result = std::make_unique<PinnedSequentialFile>(file);
    return IOStatus::OK();
  }
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions& /*options*/,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               IODebugContext* /*dbg*/) override {
    const PinnedFilePtr file = find(path);
    if (!file) return absent(path);
    *result = std::make_unique<PinnedRandomAccessFile>(file);
    return IOStatus::OK();
  }
  IOStatus FileExists(const std::string& path, const IOOptions& /*options*/,
                      IODebugContext* /*dbg*/) override {
    return is_database(path) || find(path) ? IOStatus::OK() : IOStatus::NotFound(path);
  }
  IOStatus GetChildren(const std::string& directory, const IOOptions& /*options*/,
                       std::vector<std::string>* result, IODebugContext* /*dbg*/) override {
    result->clear();
    if (!is_database(directory)) return IOStatus::NotFound(directory);
    for (const auto& [name, file] : files_->all()) result->push_back(name);
    return IOStatus::OK();
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions& /*options*/, uint64_t* size,
                       IODebugContext* /*dbg*/) override {
    const PinnedFilePtr file = find(path);
    if (!file) return absent(path);
    *size = file->size();
    return IOStatus::OK();
  }
  IOStatus GetFileModificationTime(const std::string& /*path*/, const IOOptions& /*options*/, uint64_t* time,
                                   IODebugContext* /*dbg*/) override {
    *time = 0;
    return IOStatus::OK();
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions& /*options*/, bool* is_directory,
                       IODebugContext* /*dbg*/) override {
    *is_directory = is_database(path);
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions& /*options*/, std::string* absolute,
                           IODebugContext* /*dbg*/) override {
    *absolute = path;
    return IOStatus::OK();
  }

  // Asked for at every open, in case that something is to be synced.
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions& /*options*/,
                              IODebugContext* /*dbg*/) override {
    return is_database(path) ? IOStatus::OK() : refused(path);
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& /*options*/,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* /*dbg*/) override {
    if (!is_database(path)) return refused(path);
    *result = std::make_unique<PinnedDirectory>();
    return IOStatus::OK();
  }

  // ---- changes ----
  IOStatus NewWritableFile(const std::string& path, const FileOptions& /*options*/,
                           std::unique_ptr<rocksdb::FSWritableFile>* /*result*/,
                           IODebugContext* /*dbg*/) override {
    return refused(path);
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& /*options*/,
                      IODebugContext* /*dbg*/) override {
    return refused(path);
  }
  IOStatus CreateDir(const std::string& path, const IOOptions& /*options*/,
                     IODebugContext* /*dbg*/) override {
    return refused(path);
  }
  IOStatus DeleteDir(const std::string& path, const IOOptions& /*options*/,
                     IODebugContext* /*dbg*/) override {
    return refused(path);
  }
  IOStatus RenameFile(const std::string& path, const std::string& /*target*/, const IOOptions& /*options*/,
                      IODebugContext* /*dbg*/) override {
    return refused(path);
  }
  IOStatus LockFile(const std::string& path, const IOOptions& /*options*/, rocksdb::FileLock** /*lock*/,
                    IODebugContext* /*dbg*/) override {
    return refused(path);
  }
  IOStatus UnlockFile(rocksdb::FileLock* /*lock*/, const IOOptions& /*options*/,
                      IODebugContext* /*dbg*/) override {
    return refused(files_->path());
  }
  IOStatus GetTestDirectory(const IOOptions& /*options*/, std::string* /*path*/,
                            IODebugContext* /*dbg*/) override {
    return refused(files_->path());
  }
  IOStatus NewLogger(const std::string& path, const IOOptions& /*options*/,
                     std::shared_ptr<rocksdb::Logger>* /*result*/, IODebugContext* /*dbg*/) override {
    return refused(path);
  }

 private:
  static IOStatus absent(const std::string& path) { return IOStatus::PathNotFound(path); }
  // RocksDB respells paths, and asks for nothing but the one directory and what is in it.
  bool is_database(const std::string& path) const { return last_part(path) == last_part(files_->path()); }
  PinnedFilePtr find(const std::string& path) const { return files_->find(last_part(path)); }
  static std::string last_part(const std::string& path) {
    const size_t end = path.find_last_not_of('/') + 1;
    const size_t slash = path.rfind('/', end == 0 ? 0 : end - 1);
    const size_t begin = slash == std::string::npos ? 0 : slash + 1;
    return path.substr(begin, end - begin);
  }

  const std::shared_ptr<const PinnedFiles> files_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> make_pinned_env(std::shared_ptr<const PinnedFiles> files) {
  return rocksdb::NewCompositeEnv(std::make_shared<PinnedFileSystem>(std::move(files)));
}

}  // namespace quipu::rocks
