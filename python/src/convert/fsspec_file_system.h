// FsspecFileSystem: a Python file system (fsspec.AbstractFileSystem) as one of the library's.
//
// A file is written under another name and moved into its place when it is committed. Calls take the GIL, so
// they must come from where it has been released. What is raised becomes kIoError with the path; an exception
// that is no Exception (Ctrl-C) is kept as well, for rethrow().

#ifndef QUIPU_PYTHON_CONVERT_FSSPEC_FILE_SYSTEM_H_
#define QUIPU_PYTHON_CONVERT_FSSPEC_FILE_SYSTEM_H_

#include <nanobind/nanobind.h>

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "quipu/file_system.h"

namespace quipu::python {

class FsspecFileSystem : public FileSystem {
 public:
  // REQUIRES: the GIL, also when it goes.
  explicit FsspecFileSystem(nanobind::object fs);

  Result<std::unique_ptr<InputFile>> open(const std::string& path) const override;
  Result<std::unique_ptr<OutputFile>> create(const std::string& path) const override;
  Result<std::optional<uint64_t>> file_size(const std::string& path) const override;
  Result<std::vector<std::string>> list(const std::string& directory) const override;
  Result<bool> make_directory(const std::string& directory) const override;
  void remove_directory(const std::string& directory) const override;
  Status remove_file(const std::string& path) const override;

  // Goes on with the exception that ended a call and is no Exception, if one did.
  void rethrow() const;

 private:
  nanobind::object fs_;
  std::shared_ptr<std::exception_ptr> interrupted_;
};

// The file system of an argument: fsspec's, or for None the disk. Used with the GIL held but for files().
class FileSystemArgument {
 public:
  explicit FileSystemArgument(const nanobind::object& fs) {
    if (!fs.is_none()) fsspec_ = std::make_unique<FsspecFileSystem>(fs);
  }
  const FileSystem& files() const { return fsspec_ ? *fsspec_ : local_file_system(); }
  void rethrow() const {
    if (fsspec_) fsspec_->rethrow();
  }

 private:
  std::unique_ptr<FsspecFileSystem> fsspec_;
};

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_CONVERT_FSSPEC_FILE_SYSTEM_H_
