// One store's persist file.

#ifndef QUIPU_ENGINE_STORES_STORE_FILE_H_
#define QUIPU_ENGINE_STORES_STORE_FILE_H_

#include <string>
#include <vector>

#include "quipu/file_system.h"
#include "quipu/kv_store.h"

namespace quipu {

// Writes those of a store's own collections that there are, in the order in which they were made; all of them
// where the key-value store does not tell. Of one moment, where it has snapshots. Errors: as
// export_persist_file.
Status persist_store_file(const BaseKVStore& kvstore, const std::vector<std::string>& own,
                          const std::string& persist_path, const FileSystem& fs);

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_STORE_FILE_H_
