// Export of a store's persist files under other names than their own.

#ifndef QUIPU_ENGINE_PERSIST_EXPORT_FILES_H_
#define QUIPU_ENGINE_PERSIST_EXPORT_FILES_H_

#include <functional>
#include <string>

#include "quipu/persist_dir.h"

namespace quipu {

using NameOfFile = std::function<std::string(const std::string& persist_file)>;

// As export_persist_dir, each file under the name that `name_of` gives it; null: its own.
Result<ExportReport> export_files(const BaseKVStore& store, const std::string& directory,
                                  const ExportOptions& options, const NameOfFile& name_of);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_EXPORT_FILES_H_
