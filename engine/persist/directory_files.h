// Which files of a persist directory are whose.

#ifndef QUIPU_ENGINE_PERSIST_DIRECTORY_FILES_H_
#define QUIPU_ENGINE_PERSIST_DIRECTORY_FILES_H_

#include <string>
#include <vector>

#include "quipu/file_system.h"

namespace quipu {

// The JSON files of the directory beside these, sorted.
Result<std::vector<std::string>> other_files(const std::string& directory,
                                             const std::vector<std::string>& files, const FileSystem& fs);

// The files that a storage directory of the reference has, in the order in which it writes them: two that
// must be there, and of the others those that are.
Result<std::vector<std::string>> store_files(const std::string& directory, const FileSystem& fs);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_DIRECTORY_FILES_H_
