// Reads an index of gpt_index or LlamaIndex before 0.6, which is one file: document store, index struct and
// vectors in one. What is no vector is held in memory; the vectors are streamed, as often as they are wanted.

#ifndef QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_READER_H_
#define QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_READER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/json_file/persist_file_reader.h"
#include "quipu/json.h"
#include "quipu/ordered_map.h"

namespace quipu {

// Where the file has vectors.
struct OneFileVectors {
  std::string index_id;    // empty: of the file's only index
  bool of_struct = false;  // in the index struct, where there may be a copy of those in the vector store
  bool operator==(const OneFileVectors&) const = default;
};
struct OneFileVectorIds {
  OneFileVectors where;
  OrderedMap<size_t> hash_of;  // of the elements' text, by the vector's id
  std::map<std::string, std::string, std::less<>> ref_doc_of;
};

struct OneFile {
  std::string root_id;  // 0.4: which of docs is the index; 0.5: of a graph
  // Index structs outside of docs, with their "__type__" where they have one: the file's only one under "",
  // those of a graph of 0.5 under their ids.
  OrderedMap<Json> structs;
  OrderedMap<Json> docs;                  // 0.4 has its index structs here
  OrderedMap<std::string> hashes;         // of documents and nodes
  std::vector<OneFileVectorIds> vectors;  // those of a place that is empty, too
};

// Errors: as read_persist_file; kInvalidArgument as well for what is not of this form, and when what is held
// in memory is longer than options.max_value_bytes.
Result<OneFile> read_one_file(const std::string& path, const PersistFileOptions& options);

// Calls `use` for each vector of the file.
Status read_one_file_vectors(
    const std::string& path, const PersistFileOptions& options,
    const std::function<Status(const OneFileVectors& where, std::string_view id, JsonView elements)>& use);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_READER_H_
