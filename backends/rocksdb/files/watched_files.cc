#include "backends/rocksdb/files/watched_files.h"

namespace quipu::rocks {
namespace {

// What a read returns, counted, or the end of the work.
rocksdb::IOStatus counted(Work& work, rocksdb::IOStatus read, const rocksdb::Slice& result) {
  if (work.cancelled()) return rocksdb::IOStatus::Aborted("cancelled");
  work.add(result.size());
  return read;
}

class WatchedSequentialFile : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  WatchedSequentialFile(std::unique_ptr<rocksdb::FSSequentialFile> file, Work& work)
      : FSSequentialFileOwnerWrapper(std::move(file)), work_(work) {}
  rocksdb::IOStatus Read(size_t size, const rocksdb::IOOptions& options, rocksdb::Slice* result,
                         char* scratch, rocksdb::IODebugContext* context) override {
    return counted(work_, target()->Read(size, options, result, scratch, context), *result);
  }

 private:
  Work& work_;
};

class WatchedRandomAccessFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  WatchedRandomAccessFile(std::unique_ptr<rocksdb::FSRandomAccessFile> file, Work& work)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), work_(work) {}
  rocksdb::IOStatus Read(uint64_t offset, size_t size, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* context) const override {
    return counted(work_, target()->Read(offset, size, options, result, scratch, context), *result);
  }

 private:
  Work& work_;
};

// The last part of a path.
std::string_view name_of(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace

rocksdb::IOStatus WatchedFiles::NewSequentialFile(const std::string& name,
                                                  const rocksdb::FileOptions& options,
                                                  std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                                  rocksdb::IODebugContext* context) {
  rocksdb::IOStatus opened = FileSystemWrapper::NewSequentialFile(name, options, file, context);
  if (!opened.ok()) return opened;
  work_.begin(name_of(name));
  *file = std::make_unique<WatchedSequentialFile>(std::move(*file), work_);
  return opened;
}

rocksdb::IOStatus WatchedFiles::NewRandomAccessFile(const std::string& name,
                                                    const rocksdb::FileOptions& options,
                                                    std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                                    rocksdb::IODebugContext* context) {
  rocksdb::IOStatus opened = FileSystemWrapper::NewRandomAccessFile(name, options, file, context);
  if (!opened.ok()) return opened;
  work_.begin(name_of(name));
  *file = std::make_unique<WatchedRandomAccessFile>(std::move(*file), work_);
  return opened;
}

}  // namespace quipu::rocks
