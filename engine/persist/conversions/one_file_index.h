// Index structs of gpt_index and LlamaIndex before 0.6 in the form that an index store of today keeps.

#ifndef QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_INDEX_H_
#define QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_INDEX_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/json.h"
#include "quipu/ordered_map.h"
#include "quipu/status.h"

namespace quipu {

struct OneFileIndex {
  std::string id;
  std::string old_type;  // "simple_dict", ...
  Json stored;           // {"__type__": ..., "__data__": "..."}
  // The edges of a knowledge graph: of each subject the texts [relation, object].
  OrderedMap<std::vector<std::string>> edges;
  // Of a vector index: the node of each vector. Vectors of today have their nodes' ids.
  std::map<std::string, std::string, std::less<>> node_of_vector;
  bool is_vector_index = false;
  bool has_vectors = false;        // in the file
  bool has_other_members = false;  // extra_info, an embedding: left out
};

// Takes the nodes that an index struct of 0.4 holds.
class OneFileNodes {
 public:
  virtual ~OneFileNodes() = default;
  // Returns the node's id. `place`: its key or number in the struct.
  virtual Result<std::string> add(JsonView node, std::string_view place) = 0;
};

// An index struct of 0.4, whose type stands in it ("__type__") or, before that, is told by its members.
// `id` is the key under which it stands. `has_vectors`: the file has its vectors, which get their nodes' ids;
// where they are elsewhere they keep theirs. Errors: kInvalidArgument that says what is wrong with it.
Result<OneFileIndex> convert_one_file_index(JsonView index, std::string_view id, bool has_vectors,
                                            OneFileNodes& nodes);

// One of 0.5, which names its nodes and its "index_id". Errors: as above.
Result<OneFileIndex> convert_one_file_index(std::string_view type, JsonView index, bool has_vectors);

// Whether a document of the file is an index struct of 0.4.
bool is_one_file_index(JsonView document);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_INDEX_H_
