// A persist directory as the target of a migration, on the disk or elsewhere.
//
//   mark in the directory -> file after file, docstore.json last -> all read again and compared -> mark
//   removed
//
// A file is there whole or not at all; the mark says which there are. While there is one, the directory is no
// persist directory to Quipu, and until the last file is there, none to LlamaIndex. Memory: that of an
// export.

#ifndef QUIPU_ENGINE_MIGRATE_FILE_TARGET_H_
#define QUIPU_ENGINE_MIGRATE_FILE_TARGET_H_

#include <string>

#include "engine/migrate/content_summary.h"
#include "engine/migrate/store_target.h"
#include "quipu/file_system.h"
#include "quipu/kv_store.h"
#include "quipu/progress.h"

namespace quipu {

// As check_target() for a store.
Result<TargetReport> check_target(const KVReader& source, const std::string& directory, const FileSystem& fs,
                                  Work& work);

// As copy_to_store(). Errors: kInvalidArgument for a directory that is a database's, or in one.
Result<TargetReport> copy_to_files(const KVReader& source, const ContentSummary& wanted,
                                   const std::string& directory, const FileSystem& fs, Work& work);

}  // namespace quipu

#endif  // QUIPU_ENGINE_MIGRATE_FILE_TARGET_H_
