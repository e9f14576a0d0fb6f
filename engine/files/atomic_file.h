// AtomicFile: a file that is written beside its place and put there at once: a temporary file, fsync, rename,
// fsync of the directory.
//
// Until commit() nothing is to be seen under the file's name; without it the temporary file is removed. A
// symbolic link of the name is replaced, not followed. Memory: a buffer of about a megabyte.
// Thread-safety: one thread at a time.

#ifndef QUIPU_ENGINE_FILES_ATOMIC_FILE_H_
#define QUIPU_ENGINE_FILES_ATOMIC_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "quipu/file_system.h"
#include "quipu/status.h"

namespace quipu {

class AtomicFile : public OutputFile {
 public:
  // Makes the temporary file. Errors: kIoError; kInvalidArgument when the path does not end in a file name.
  static Result<std::unique_ptr<AtomicFile>> create(const std::string& path);
  ~AtomicFile() override;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Errors: kIoError; after one, all further calls return it.
  Status append(std::string_view text) override;

  // Makes the file durable and puts it in place; called once, last. After an error the old file is there as
  // it was, except where only the directory could not be made durable: then the new one is.
  Status commit() override;

  // Of the file so far, whether in the buffer or written.
  uint64_t bytes_written() const override { return bytes_flushed_ + buffer_.size(); }

 private:
  explicit AtomicFile(const std::string& path) : path_(path) {}

  Status open();
  Status flush();
  Status write(std::string_view bytes);
  Status fail(const char* what, int error);
  void discard();

  const std::string path_;
  std::string name_;            // the file's, without the directory
  std::string temporary_name_;  // beside it; empty when there is none to remove
  int directory_ = -1;
  int file_ = -1;
  std::string buffer_;
  uint64_t bytes_flushed_ = 0;
  Status status_;  // the first error
};

// Whether a file in a directory is one that a process which was killed has left while it wrote `name` there.
bool is_left_temporary(std::string_view file, std::string_view name);

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_ATOMIC_FILE_H_
