// FileHead: the beginning of a file, by which it is recognised. Read when it is first asked for.

#ifndef QUIPU_ENGINE_PERSIST_CONVERSIONS_FILE_HEAD_H_
#define QUIPU_ENGINE_PERSIST_CONVERSIONS_FILE_HEAD_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "quipu/file_system.h"

namespace quipu {

class FileHead {
 public:
  static constexpr size_t kBytes = 4096;

  // `fs` must outlive it.
  FileHead(std::string path, std::string name, const FileSystem& fs)
      : path_(std::move(path)), name_(std::move(name)), fs_(fs) {}

  const std::string& name() const { return name_; }
  // At most kBytes; none where the file cannot be read, which the reading of it will report.
  std::string_view bytes();
  // Whether it is a JSON object whose first member has this name.
  bool begins_with_member(std::string_view name);

 private:
  const std::string path_;
  const std::string name_;
  const FileSystem& fs_;
  std::optional<std::string> bytes_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_CONVERSIONS_FILE_HEAD_H_
