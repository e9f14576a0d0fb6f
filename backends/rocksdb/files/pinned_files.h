// PinnedFiles: the files of a RocksDB database as they were at one moment, whatever a writer does meanwhile.
//
// All are held open, so none can go; a log or manifest that grows is read to where it ended. They are one
// consistent state: the tables and the logs that belong to one version of the manifest. Nothing in the
// directory is changed, and no lock is taken.

#ifndef QUIPU_BACKENDS_ROCKSDB_FILES_PINNED_FILES_H_
#define QUIPU_BACKENDS_ROCKSDB_FILES_PINNED_FILES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "quipu/status.h"

namespace quipu::rocks {

class PinnedFile {
 public:
  // Takes the descriptor over.
  PinnedFile(int descriptor, uint64_t size) : descriptor_(descriptor), size_(size) {}
  ~PinnedFile();
  PinnedFile(const PinnedFile&) = delete;
  PinnedFile& operator=(const PinnedFile&) = delete;

  int descriptor() const { return descriptor_; }
  uint64_t size() const { return size_; }
  // The number of bytes read, less than `count` at the end only; -1 and errno on an error.
  int64_t read(uint64_t offset, char* to, size_t count) const;

 private:
  const int descriptor_;
  const uint64_t size_;
};
using PinnedFilePtr = std::shared_ptr<const PinnedFile>;

class PinnedFiles {
 public:
  // Errors: kNotFound when there is no database, kBusy when it changed too fast, kIoError.
  static Result<std::shared_ptr<const PinnedFiles>> capture(const std::string& path);

  const std::string& path() const { return path_; }
  const std::string& manifest() const { return manifest_; }
  // By name; null when there is none.
  PinnedFilePtr find(const std::string& name) const;
  const std::map<std::string, PinnedFilePtr>& all() const { return files_; }
  // Whether nothing has been written to the database since.
  bool is_current() const;

 private:
  explicit PinnedFiles(std::string path) : path_(std::move(path)) {}
  Status hold(const std::string& name);
  Status hold_all();

  const std::string path_;
  std::string manifest_;
  std::map<std::string, PinnedFilePtr> files_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FILES_PINNED_FILES_H_
