// OneFileVectorStore: the default vector store of today from those of indexes of before 0.6.

#ifndef QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_VECTORS_H_
#define QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_VECTORS_H_

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/json_file/persist_file_reader.h"
#include "engine/persist/conversions/one_file_documents.h"
#include "engine/persist/conversions/one_file_index.h"
#include "engine/persist/conversions/one_file_reader.h"
#include "quipu/ordered_map.h"

namespace quipu {

class OneFileVectorStore {
 public:
  // Plans what is taken of a file: of each index the vectors of its vector store, or of its struct where that
  // has none. The file's indexes must live as long as this.
  void plan(const OneFile& file, std::span<const OneFileIndex> indexes);

  // Reads the vectors of the planned files, in the order in which they were planned.
  Status begin(PersistFileHandler& vector_store);
  Status read_next(const std::string& path, const PersistFileOptions& options,
                   const OneFileDocuments& documents);
  Status finish();

  bool is_empty() const { return planned_ == 0; }
  size_t count() const { return ref_docs_.size(); }
  size_t without_node() const { return without_node_; }
  size_t indexes() const { return indexes_; }            // whose vectors were taken
  size_t other_copies() const { return other_copies_; }  // index structs with other vectors than their store

 private:
  struct Source {
    OneFileVectorIds vectors;
    const OneFileIndex* index = nullptr;  // null: no index knows them
  };
  void take(const OneFile& file, const OneFileIndex& index, bool is_only, std::vector<Source>& sources);
  Status put(const Source& source, const OneFileDocuments& documents, std::string_view id, JsonView elements);

  std::vector<std::vector<Source>> files_;
  size_t next_ = 0;
  size_t planned_ = 0;
  size_t indexes_ = 0;
  size_t other_copies_ = 0;
  size_t without_node_ = 0;
  PersistFileHandler* vector_store_ = nullptr;
  OrderedMap<std::pair<std::string, size_t>> ref_docs_;  // of each vector, and the hash of its elements
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_VECTORS_H_
