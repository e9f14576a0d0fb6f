// PersistFileKind: what there is to know about each kind of persist file, in one table: which names such
// files have, what reads them and what writes them.

#ifndef QUIPU_ENGINE_PERSIST_FILES_PERSIST_FILE_KIND_H_
#define QUIPU_ENGINE_PERSIST_FILES_PERSIST_FILE_KIND_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/persist/files/file_exporter.h"
#include "engine/persist/files/file_loader.h"

namespace quipu {

struct PersistFileKind {
  std::string_view noun;  // what such a file is of, in messages
  bool (*matches)(std::string_view name);
  // The loader keeps references to `load` and `owners`.
  std::unique_ptr<FileLoader> (*make_loader)(const std::string& name, BulkLoad& load,
                                             CollectionOwners& owners);
  std::unique_ptr<FileExporter> (*make_exporter)();
  // Its collections and values are those of a key-value store, as they stand in the file.
  bool holds_key_values;
  // LlamaIndex makes it together with all the files of a storage context, not alone.
  bool of_storage_context;

  // The kinds that LlamaIndex persists, in the order in which it writes their files.
  static std::span<const PersistFileKind> all();
  // The kind that LlamaIndex persists under this name; null: none.
  static const PersistFileKind* named(std::string_view name);
  // The same, or, for any other name, a key-value file.
  static const PersistFileKind& of(std::string_view name);
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_FILES_PERSIST_FILE_KIND_H_
