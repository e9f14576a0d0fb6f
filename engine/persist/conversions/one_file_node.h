// Nodes and documents of gpt_index and LlamaIndex before 0.6 in the form that a document store of today
// keeps.

#ifndef QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_NODE_H_
#define QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_NODE_H_

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

struct OneFileNode {
  std::string id;
  std::string ref_doc_id;  // empty: none
  std::string doc_hash;    // as it is stored; empty where the file has none
  Json stored;             // {"__data__": ..., "__type__": ...}
};

// How often the old form held what the form of today has no place for.
struct OneFileLosses {
  uint64_t node_info = 0;         // more than where the node's text begins and ends
  uint64_t document_images = 0;   // of ImageDocuments
  uint64_t index_extra_info = 0;  // an index struct's own extra_info or embedding
};

// A node ({"text", "doc_id", "extra_info", ...}), or a document, that stands in the file under `id`, which
// counts where it has no doc_id. What it says of its hash is kept. A source that is one of `index_ids` makes
// it an IndexNode, which is how graphs of 0.4 name their indexes. Errors: kInvalidArgument that says what is
// wrong with it.
Result<OneFileNode> convert_one_file_node(JsonView node, std::string_view id,
                                          const std::set<std::string>& index_ids, OneFileLosses& losses);
Result<OneFileNode> convert_one_file_document(JsonView document, std::string_view id, OneFileLosses& losses);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_NODE_H_
