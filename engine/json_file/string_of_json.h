// StringOfJsonFileSystem: files that hold one JSON string, read as the text that the string is of.
//
// LlamaIndex up to 0.10 wrote chat_store.json so: as JSON of the JSON.

#ifndef QUIPU_ENGINE_JSON_FILE_STRING_OF_JSON_H_
#define QUIPU_ENGINE_JSON_FILE_STRING_OF_JSON_H_

#include <memory>
#include <string>
#include <vector>

#include "quipu/file_system.h"

namespace quipu {

// For reading alone. Streams; places in error messages that others make of what is read count in the text.
class StringOfJsonFileSystem : public FileSystem {
 public:
  // `files` must outlive it.
  explicit StringOfJsonFileSystem(const FileSystem& files) : files_(files) {}

  // A file whose reading fails with kInvalidArgument, naming the byte, where it is not one JSON string.
  Result<std::unique_ptr<InputFile>> open(const std::string& path) const override;

  Result<std::unique_ptr<OutputFile>> create(const std::string& path) const override {
    return files_.create(path);
  }
  Result<std::optional<uint64_t>> file_size(const std::string& path) const override {
    return files_.file_size(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) const override {
    return files_.list(directory);
  }
  Result<bool> make_directory(const std::string& directory) const override {
    return files_.make_directory(directory);
  }
  void remove_directory(const std::string& directory) const override { files_.remove_directory(directory); }

 private:
  const FileSystem& files_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_FILE_STRING_OF_JSON_H_
