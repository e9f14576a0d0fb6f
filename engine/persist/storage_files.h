// Which persist files belong to the storage context over a key-value store: the one rule for the context's
// stores and for what an export writes.
//
// A context that was made here has the default stores from the start, as StorageContext.from_defaults() has
// them. One that was imported, index_store.json among its files, has what was there: a default vector store
// that is kept elsewhere is not invented. A store that says of no file that it was imported has the default
// stores, too, unless one of its vector indexes has its vectors elsewhere.

#ifndef QUIPU_ENGINE_PERSIST_STORAGE_FILES_H_
#define QUIPU_ENGINE_PERSIST_STORAGE_FILES_H_

#include <string>
#include <vector>

#include "quipu/kv_store.h"

namespace quipu {

struct StorageFiles {
  std::vector<std::string> of_context;  // those of the stores that a context has; the default ones first
  std::vector<std::string> exported;    // those that an export writes
};

// Cost: that of collections(); where nothing was imported and there is no default vector store, also that of
// reading index structs up to the first that has vectors.
Result<StorageFiles> storage_files(const KVReader& store);

// The files of the default stores that a merge into `store` must declare, so that it does not make an
// imported storage of one that was made here.
Result<std::vector<std::string>> files_before_merge(const KVReader& store);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_STORAGE_FILES_H_
