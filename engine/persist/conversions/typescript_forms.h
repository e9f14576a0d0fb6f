// What LlamaIndexTS (create-llama) persists, in the form of LlamaIndex in Python: nodes and what is known of
// them, index structs. Names are in camel case there, what Python writes as JSON stands in strings, and types
// have names instead of numbers.
//
//   {"__data__": "{\"id_\": ..., \"startCharIdx\": 3}", "__type__": "TEXT"}
//     -> {"__data__": {"id_": ..., "start_char_idx": 3, ...}, "__type__": "1"}
//
// Errors: kInvalidArgument for what is not of these forms. Hashes are kept as they are; character offsets,
// too: they count UTF-16 units.

#ifndef QUIPU_ENGINE_PERSIST_CONVERSIONS_TYPESCRIPT_FORMS_H_
#define QUIPU_ENGINE_PERSIST_CONVERSIONS_TYPESCRIPT_FORMS_H_

#include <string_view>

#include "quipu/json.h"

namespace quipu {

// A node of "docstore/data". `key`: its id, where the node has none.
Result<Json> node_from_typescript(std::string_view key, JsonView stored);
// Of "docstore/metadata": {"docHash": ..., "refDocId": ...}.
Json metadata_from_typescript(JsonView metadata);
// Of "docstore/ref_doc_info": {"nodeIds": [...], "extraInfo": {...}}.
Json ref_doc_info_from_typescript(JsonView info);

// An index struct: {"indexId": ..., "nodesDict": {id: node}, "type": "simple_dict"} and the like.
struct TypescriptStruct {
  Json stored;  // {"__type__": ..., "__data__": "..."}
  // A keyword table without words: LlamaIndexTS wrote all of them so through 0.5, whatever was in them.
  bool is_empty_keyword_table = false;
};
Result<TypescriptStruct> index_struct_from_typescript(JsonView entry);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_CONVERSIONS_TYPESCRIPT_FORMS_H_
