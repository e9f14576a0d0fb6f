// FileSystem: where persist files are read and written; what the reference takes as `fs`. The disk is one
// (local_file_system()), memory another, an S3-compatible store a third (s3_file_system.h).
//
//   MemoryFileSystem files;
//   QUIPU_RETURN_IF_ERROR(context.persist("storage", {}, files));
//   QUIPU_ASSIGN_OR_RETURN(auto copy, StorageContext::from_defaults({.persist_dir = "storage", .fs =
//   &files}));
//
// A path's parts stand between slashes. For a file system of your own, derive from FileSystem.
// Thread-safety: a file system may be used from any number of threads, a file from one at a time.

#ifndef QUIPU_FILE_SYSTEM_H_
#define QUIPU_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/status.h"

namespace quipu {

// A file being read, from its beginning. Errors: kIoError.
class InputFile {
 public:
  virtual ~InputFile() = default;
  // The next bytes, as many as there are up to `size`; 0 at the end.
  virtual Result<size_t> read(char* to, size_t size) = 0;
  // When it was opened.
  virtual uint64_t size() const = 0;
};

// A file being written. It is there whole, in the place of an older one, from commit() on; without it nothing
// is to be seen.
class OutputFile {
 public:
  virtual ~OutputFile() = default;
  // Errors: kIoError; after one, all further calls return it.
  virtual Status append(std::string_view text) = 0;
  // Called once, last. After an error the old file is there as it was, unless the error says otherwise.
  virtual Status commit() = 0;
  // So far, whether or not they have left memory.
  virtual uint64_t bytes_written() const = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Errors: kIoError, for a missing file too.
  virtual Result<std::unique_ptr<InputFile>> open(const std::string& path) const = 0;
  // Errors: kIoError, kInvalidArgument for what is no file's name.
  virtual Result<std::unique_ptr<OutputFile>> create(const std::string& path) const = 0;
  // Nothing when there is no such file. Errors: kIoError, for a directory too.
  virtual Result<std::optional<uint64_t>> file_size(const std::string& path) const = 0;
  // The names of what is in a directory, in order. Errors: kIoError.
  virtual Result<std::vector<std::string>> list(const std::string& directory) const = 0;
  // Makes a directory and those above it; whether it was not there before. Where there are no directories, it
  // does nothing. Errors: kIoError.
  virtual Result<bool> make_directory(const std::string& directory) const = 0;
  // Removes a directory that is empty, if it can.
  virtual void remove_directory(const std::string& directory) const = 0;
  // Removes a file; of one that is not there nothing is said. Default: kNotSupported. Errors: kIoError.
  virtual Status remove_file(const std::string& path) const;
};

// The disk. Files are replaced by rename, and are durable when commit() returns; a symbolic link in a file's
// place is replaced, not followed.
const FileSystem& local_file_system();

// Files in memory, by their paths. Directories need not be made.
class MemoryFileSystem : public FileSystem {
 public:
  MemoryFileSystem();
  ~MemoryFileSystem() override;

  Result<std::unique_ptr<InputFile>> open(const std::string& path) const override;
  Result<std::unique_ptr<OutputFile>> create(const std::string& path) const override;
  Result<std::optional<uint64_t>> file_size(const std::string& path) const override;
  Result<std::vector<std::string>> list(const std::string& directory) const override;
  Result<bool> make_directory(const std::string& directory) const override;
  void remove_directory(const std::string& directory) const override;
  Status remove_file(const std::string& path) const override;

 private:
  struct Files;
  std::shared_ptr<Files> files_;
};

// The path of a file in a directory.
std::string path_in(std::string_view directory, std::string_view name);
// The directory that a path's file is in; empty for a mere name.
std::string directory_of(std::string_view path);

}  // namespace quipu

#endif  // QUIPU_FILE_SYSTEM_H_
