// FileLoader: brings one persist file into a bulk load. Each kind of file has its own (persist_file_kind.h).

#ifndef QUIPU_ENGINE_PERSIST_FILES_FILE_LOADER_H_
#define QUIPU_ENGINE_PERSIST_FILES_FILE_LOADER_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/json_file/persist_file_reader.h"
#include "quipu/bulk_load.h"
#include "quipu/persist_dir.h"

namespace quipu {

// Which file each collection of a store belongs to.
using CollectionOwners = std::map<std::string, std::string>;

class FileLoaders;

class FileLoader : public PersistFileHandler {
 public:
  Status end_collection() override { return Status::ok(); }
  // Called once all files have been read: for what was found here and is kept in another file today, and to
  // note what was converted.
  virtual Status finish(FileLoaders& /*all*/) { return Status::ok(); }

  const FileReport& report() const { return report_; }
  // Of the files that were read for it.
  void add_bytes(uint64_t bytes) { report_.bytes += bytes; }

 protected:
  FileLoader(const std::string& name, BulkLoad& load, CollectionOwners& owners)
      : load_(load), report_{name, 0, {}}, owners_(owners) {}

  // Whether the store, or a file before, has this collection.
  bool owns(std::string_view collection) const { return owners_.contains(std::string(collection)); }
  // Starts a collection of the store. Errors: kInvalidArgument when another file has it.
  Status begin(std::string_view collection, std::string_view indexed_field = {}, bool keeps_codes = false);
  Status put(std::string_view key, JsonView value);
  Status put_vector(std::string_view key, std::span<const double> elements);

 private:
  BulkLoad& load_;
  FileReport report_;
  CollectionOwners& owners_;
  size_t current_ = 0;
};

// What these are given must outlive them. The first keeps collections and values as they are.
std::unique_ptr<FileLoader> make_key_value_loader(const std::string& name, BulkLoad& load,
                                                  CollectionOwners& owners);
std::unique_ptr<FileLoader> make_document_loader(const std::string& name, BulkLoad& load,
                                                 CollectionOwners& owners);
std::unique_ptr<FileLoader> make_index_loader(const std::string& name, BulkLoad& load,
                                              CollectionOwners& owners);
std::unique_ptr<FileLoader> make_graph_loader(const std::string& name, BulkLoad& load,
                                              CollectionOwners& owners);
std::unique_ptr<FileLoader> make_property_graph_loader(const std::string& name, BulkLoad& load,
                                                       CollectionOwners& owners);
std::unique_ptr<FileLoader> make_chat_loader(const std::string& name, BulkLoad& load,
                                             CollectionOwners& owners);
std::unique_ptr<FileLoader> make_vector_loader(const std::string& name, const std::string& ns, BulkLoad& load,
                                               CollectionOwners& owners);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_FILES_FILE_LOADER_H_
