#include "backends/rocksdb/files/safe_delete_env.h"

#include <rocksdb/file_system.h>

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

namespace quipu::rocks {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Sets a flag when it cannot be written.
class WatchedFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WatchedFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::atomic<bool>& failed)
      : FSWritableFileOwnerWrapper(std::move(file)), failed_(failed) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* dbg) override {
    return watched(target()->Append(data, options, dbg));
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& info,
                  IODebugContext* dbg) override {
    return watched(target()->Append(data, options, info, dbg));
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* dbg) override {
    return watched(target()->Flush(options, dbg));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* dbg) override {
    return watched(target()->Sync(options, dbg));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* dbg) override {
    return watched(target()->Fsync(options, dbg));
  }
  IOStatus Close(const IOOptions& options, IODebugContext* dbg) override {
    return watched(target()->Close(options, dbg));
  }

 private:
  IOStatus watched(IOStatus status) {
    if (!status.ok()) failed_ = true;
    return status;
  }

  std::atomic<bool>& failed_;
};

class SafeDeleteFiles : public rocksdb::FileSystemWrapper {
 public:
  explicit SafeDeleteFiles(const std::shared_ptr<rocksdb::FileSystem>& files) : FileSystemWrapper(files) {}
  const char* Name() const override { return "quipu.CarefulFiles"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* dbg) override {
    IOStatus made = target()->NewWritableFile(path, options, file, dbg);
    if (made.ok() && name_of(path).starts_with("MANIFEST-")) {
      *file = std::make_unique<WatchedFile>(std::move(*file), manifest_failed_);
    }
    return made;
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* dbg) override {
    IOStatus renamed = target()->RenameFile(from, to, options, dbg);
    if (renamed.ok() && name_of(to) == "CURRENT") manifest_failed_ = false;  // it names another MANIFEST
    return renamed;
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options, IODebugContext* dbg) override {
    if (manifest_failed_ && path.ends_with(".sst")) return IOStatus::OK();
    return target()->DeleteFile(path, options, dbg);
  }

 private:
  std::atomic<bool> manifest_failed_{false};
};

}  // namespace

std::unique_ptr<rocksdb::Env> with_safe_delete(rocksdb::Env& env) {
  return rocksdb::NewCompositeEnv(std::make_shared<SafeDeleteFiles>(env.GetFileSystem()));
}

}  // namespace quipu::rocks
