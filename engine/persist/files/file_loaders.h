// FileLoaders: the loaders of one bulk load, one for each persist file.

#ifndef QUIPU_ENGINE_PERSIST_FILES_FILE_LOADERS_H_
#define QUIPU_ENGINE_PERSIST_FILES_FILE_LOADERS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/persist/files/file_loader.h"

namespace quipu {

class FileLoaders {
 public:
  // Both must outlive it.
  FileLoaders(BulkLoad& load, CollectionOwners& owners) : load_(load), owners_(owners) {}

  // The loader of a persist file, which the store then knows. It lives as long as this.
  Result<FileLoader*> at(std::string_view persist_file);

  // Called once all files have been read.
  Status finish();

  // What was loaded, in the order in which the files were first asked for.
  std::vector<FileReport> reports() const;
  // What was converted. Whole after finish().
  const std::vector<std::string>& notes() const { return notes_; }
  void note(std::string text) { notes_.push_back(std::move(text)); }

 private:
  BulkLoad& load_;
  CollectionOwners& owners_;
  std::vector<std::unique_ptr<FileLoader>> loaders_;
  std::vector<std::string> notes_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_FILES_FILE_LOADERS_H_
