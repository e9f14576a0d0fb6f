// Where the embeddings of a property graph's entities are: on their nodes, where the store answers vector
// queries, or as LlamaIndex keeps them beside its own store, which does not: in the default vector store,
// under the entities' ids. A graph records which; both may be there, and then the node's own counts.

#ifndef QUIPU_ENGINE_LAYOUT_ENTITY_VECTORS_H_
#define QUIPU_ENGINE_LAYOUT_ENTITY_VECTORS_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/kv_store.h"

namespace quipu {

// The collection of a graph's nodes.
std::string graph_nodes(const std::string& ns);

// Of a stored node: whether it is an entity, its embedding (false when it has none), its properties.
bool is_entity(JsonView node);
bool has_embedding(JsonView node);
bool embedding_of(JsonView node, std::vector<double>& elements);
JsonView properties_of(JsonView node);

// What the graph of this namespace has recorded; nothing where it was written before there was such a record.
Result<std::optional<bool>> recorded_vector_queries(const KVReader& store, const std::string& ns);
// Whether some entity has its embedding on its node. Cost: reads nodes until the first of these.
Result<bool> any_entity_has_embedding(const KVReader& store, const std::string& ns);
// What is recorded, else what the nodes show.
Result<bool> entities_hold_vectors(const KVReader& store, const std::string& ns);

// One of the three dicts of a vector store's file.
struct VectorPart {
  std::string_view name;
  std::string_view ending;  // of its collection
  std::string_view field;   // the member of a value that the dict has; empty: all
  // What it has of an entity, as PropertyGraphIndex's TextNode for it leaves it there.
  Json (*of_entity)(std::string_view id, JsonView node);
};
extern const VectorPart kEmbeddingsPart;
extern const VectorPart kRefDocIdsPart;
extern const VectorPart kMetadataPart;

using UseEntry = std::function<Status(std::string_view key, JsonView value)>;

// Calls `use` with the dict's entries: those of the collection, which `scan` goes through in insertion order,
// and with `entities` those of the default graph's entities that have embeddings of their own, instead of
// what the collection has under their ids, or behind all others.
Status for_each_of_part(const KVReader& store, const VectorPart& part, const std::string& collection,
                        bool entities, const std::function<Status(const UseEntry&)>& scan,
                        const UseEntry& use);

// Whether this vector store's file has the entities, too.
Result<bool> file_has_entities(const KVReader& store, std::string_view file);

}  // namespace quipu

#endif  // QUIPU_ENGINE_LAYOUT_ENTITY_VECTORS_H_
