// What index structs name, by their type: the one place that knows which member of a struct holds ids of
// what. Source: llama_index/core/data_structs/data_structs.py and document_summary.py of 0.14.25.

#ifndef QUIPU_ENGINE_CHECKS_INDEX_REFERENCES_H_
#define QUIPU_ENGINE_CHECKS_INDEX_REFERENCES_H_

#include <functional>
#include <string>
#include <string_view>

#include "quipu/index_store.h"

namespace quipu {

// What keeps that which an id of a struct names.
enum class Referent {
  kNode,     // a document store
  kVector,   // a vector store
  kSubject,  // a graph store, as the subject or the object of a triplet
};

// Called with each id; false ends the walk.
using TakeReference = std::function<Result<bool>(const std::string& id)>;

// Walks the ids in `index` of what `referent` keeps; an id may come more than once. Nothing for types that
// name nothing of the kind.
Status for_each_reference(const IndexStruct& index, Referent referent, const TakeReference& take);

// True where indexes of this type name what `referent` keeps.
bool has_references(std::string_view type, Referent referent);

// True for an index that is kept as a property graph.
bool is_of_property_graph(const IndexStruct& index);

}  // namespace quipu

#endif  // QUIPU_ENGINE_CHECKS_INDEX_REFERENCES_H_
