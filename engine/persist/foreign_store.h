// Other programs' vector databases that stand among the files of a persist directory.

#ifndef QUIPU_ENGINE_PERSIST_FOREIGN_STORE_H_
#define QUIPU_ENGINE_PERSIST_FOREIGN_STORE_H_

#include <string>
#include <vector>

#include "quipu/file_system.h"
#include "quipu/persist_dir.h"

namespace quipu {

// Those among `names`, which stand in the directory, or in a folder of it, with what they are and what to do.
// Recognised by their names; folders are looked into.
std::vector<NotImportedFile> foreign_stores(const std::string& directory,
                                            const std::vector<std::string>& names, const FileSystem& fs);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_FOREIGN_STORE_H_
