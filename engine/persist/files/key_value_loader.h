// KeyValueLoader: brings the file of a key-value store, collections and values as they are, into a bulk load.

#ifndef QUIPU_ENGINE_PERSIST_FILES_KEY_VALUE_LOADER_H_
#define QUIPU_ENGINE_PERSIST_FILES_KEY_VALUE_LOADER_H_

#include <string>
#include <string_view>

#include "engine/layout/storage_layout.h"
#include "engine/persist/files/file_loader.h"

namespace quipu {

class KeyValueLoader : public FileLoader {
 public:
  KeyValueLoader(const std::string& name, BulkLoad& load, CollectionOwners& owners)
      : FileLoader(name, load, owners) {}

  Status begin_collection(std::string_view name, JsonKind /*kind*/) override {
    return begin(name, name.ends_with(kMetadataEnding) ? kDocHash : "");
  }
  Status entry(std::string_view key, JsonView value) override { return put(key, value); }
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_FILES_KEY_VALUE_LOADER_H_
