#include "backends/rocksdb/database/overlay_file_system.h"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "quipu/backend/thread_annotations.h"

namespace quipu::rocks {
namespace {

using rocksdb::FileOptions;
using rocksdb::FileSystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class OverlayFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit OverlayFileSystem(const std::shared_ptr<FileSystem>& below)
      : FileSystemWrapper(below),
        memory_env_(rocksdb::NewMemEnv(rocksdb::Env::Default())),
        memory_(memory_env_->GetFileSystem()) {}
  const char* Name() const override { return "quipu.OverlayFileSystem"; }

  // ---- reading ----
  IOStatus NewSequentialFile(const std::string& path, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             IODebugContext* dbg) override {
    return of(path)->NewSequentialFile(path, options, result, dbg);
  }
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               IODebugContext* dbg) override {
    return of(path)->NewRandomAccessFile(path, options, result, dbg);
  }
  IOStatus FileExists(const std::string& path, const IOOptions& options, IODebugContext* dbg) override {
    if (is_removed(path)) return IOStatus::NotFound(path);
    return of(path)->FileExists(path, options, dbg);
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions& options, uint64_t* size,
                       IODebugContext* dbg) override {
    return of(path)->GetFileSize(path, options, size, dbg);
  }
  IOStatus GetFileModificationTime(const std::string& path, const IOOptions& options, uint64_t* time,
                                   IODebugContext* dbg) override {
    return of(path)->GetFileModificationTime(path, options, time, dbg);
  }
  IOStatus GetChildren(const std::string& directory, const IOOptions& options,
                       std::vector<std::string>* result, IODebugContext* dbg) override {
    IOStatus listed = target()->GetChildren(directory, options, result, dbg);
    if (!listed.ok()) return listed;
    std::erase_if(*result, [&](const std::string& name) { return is_removed(directory + "/" + name); });
    std::vector<std::string> made;
    (void)memory_->GetChildren(directory, options, &made, dbg);
    for (std::string& name : made) {
      if (std::ranges::find(*result, name) == result->end()) result->push_back(std::move(name));
    }
    return listed;
  }
  IOStatus GetChildrenFileAttributes(const std::string& directory, const IOOptions& options,
                                     std::vector<rocksdb::FileAttributes>* result,
                                     IODebugContext* dbg) override {
    return FileSystem::GetChildrenFileAttributes(directory, options, result, dbg);
  }

  // ---- changes ----
  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* dbg) override {
    return memory_->NewWritableFile(path, options, result, dbg);
  }
  IOStatus ReopenWritableFile(const std::string& path, const FileOptions& /*options*/,
                              std::unique_ptr<rocksdb::FSWritableFile>* /*result*/,
                              IODebugContext* /*dbg*/) override {
    return IOStatus::NotSupported("kept as it is",
                                  path);  // RocksDB would cut off what was allocated behind a log
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* dbg) override {
    return memory_->RenameFile(from, to, options, dbg);
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options, IODebugContext* dbg) override {
    if (is_made(path)) return memory_->DeleteFile(path, options, dbg);
    const MutexLock lock(mutex_);
    removed_.insert(path);
    return IOStatus::OK();
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions& options,
                              IODebugContext* dbg) override {
    return memory_->CreateDirIfMissing(path, options, dbg);
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* dbg) override {
    return memory_->NewDirectory(path, options, result, dbg);
  }
  IOStatus LockFile(const std::string& path, const IOOptions& options, rocksdb::FileLock** lock,
                    IODebugContext* dbg) override {
    return memory_->LockFile(path, options, lock, dbg);
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions& options, IODebugContext* dbg) override {
    return memory_->UnlockFile(lock, options, dbg);
  }

 private:
  bool is_made(const std::string& path) const { return memory_->FileExists(path, {}, nullptr).ok(); }
  bool is_removed(const std::string& path) const {
    const MutexLock lock(mutex_);
    return removed_.count(path) != 0 && !is_made(path);
  }
  FileSystem* of(const std::string& path) const { return is_made(path) ? memory_.get() : target(); }

  const std::unique_ptr<rocksdb::Env> memory_env_;
  const std::shared_ptr<FileSystem> memory_;
  mutable Mutex mutex_;
  std::set<std::string> removed_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<rocksdb::Env> make_overlay_env(const rocksdb::Env& below) {
  return rocksdb::NewCompositeEnv(std::make_shared<OverlayFileSystem>(below.GetFileSystem()));
}

}  // namespace quipu::rocks
