// How the stores keep their data in collections: names and values, for the stores themselves and for what
// reads and writes their files. docs/FORMAT.md describes the same.
//
// A collection's name is the store's namespace and an ending.

#ifndef QUIPU_ENGINE_LAYOUT_STORAGE_LAYOUT_H_
#define QUIPU_ENGINE_LAYOUT_STORAGE_LAYOUT_H_

#include <string>
#include <string_view>

#include "quipu/backend/features.h"
#include "quipu/json.h"

namespace quipu {

// {"<member>": value}, for values that are no objects.
inline Json wrapped(std::string_view member, JsonView value) {
  return Json::from_canonical("{\"" + std::string(member) + "\": " + std::string(value.text()) + "}");
}

inline std::string collection_of(std::string_view ns, std::string_view ending) {
  return std::string(ns).append(ending);
}

// ---- document stores: docstore.json ----

inline constexpr std::string_view kDocumentStoreNamespace = "docstore";
inline constexpr std::string_view kDataEnding = "/data";  // nodes; index structs and graphs have it, too
inline constexpr std::string_view kRefDocsEnding = "/ref_doc_info";
inline constexpr std::string_view kMetadataEnding = "/metadata";  // vector stores have it, too
// Members of a node's entry in the metadata; an index covers the hashes.
inline constexpr std::string_view kDocHash = "doc_hash";
inline constexpr std::string_view kRefDocId = "ref_doc_id";

struct DocumentCollections {
  explicit DocumentCollections(std::string_view ns)
      : nodes(collection_of(ns, kDataEnding)),
        ref_docs(collection_of(ns, kRefDocsEnding)),
        metadata(collection_of(ns, kMetadataEnding)) {}

  std::string nodes;
  std::string ref_docs;
  std::string metadata;
};

// ---- index stores: a struct's value is its text ----

inline constexpr std::string_view kIndexStoreNamespace = "index_store";

// ---- graph stores: a subject's value is {"edges": [["rel", "obj"], ...]} ----

inline constexpr std::string_view kGraphStoreNamespace = "graph_store";
inline constexpr std::string_view kEdges = "edges";
inline constexpr std::string_view kGraphDict = "graph_dict";

// ---- property graph stores ----

inline constexpr std::string_view kPropertyGraphNamespace = "property_graph_store";
// Members of the file, and after a slash endings of collections.
inline constexpr std::string_view kNodes = "nodes";
inline constexpr std::string_view kRelations = "relations";
inline constexpr std::string_view kTriplets = "triplets";
// Has one key, "supports_vector_queries", with {"value": true or false}: where entities' embeddings are.
// Graphs that were written before there was that key have none.
inline constexpr std::string_view kGraphState = "state";
inline constexpr std::string_view kSupportsVectorQueries = "supports_vector_queries";
// A triplet's value is {"target": "id"}, which an index covers, and where a file of the reference has the
// relation under another key than the ids give (it forgets there that quotes in names become spaces in ids),
// also "relation_key".
inline constexpr std::string_view kTripletTarget = Adjacency::kTarget;
inline constexpr std::string_view kTripletRelationKey = "relation_key";

// `other_relation_key` empty: the relation is where the ids say.
inline Json triplet_value(std::string_view target, std::string_view other_relation_key = {}) {
  std::string text = "{\"target\": ";
  append_json_string(target, text);
  if (!other_relation_key.empty()) {
    text += ", \"relation_key\": ";
    append_json_string(other_relation_key, text);
  }
  return Json::from_canonical(text + "}");
}

inline std::string graph_collection(std::string_view ns, std::string_view member) {
  return std::string(ns).append("/").append(member);
}

struct PropertyGraphCollections {
  explicit PropertyGraphCollections(std::string_view ns)
      : nodes(graph_collection(ns, kNodes)),
        relations(graph_collection(ns, kRelations)),
        triplets(graph_collection(ns, kTriplets)),
        state(graph_collection(ns, kGraphState)) {}

  std::string nodes;
  std::string relations;
  std::string triplets;
  std::string state;
};

inline Json supports_vector_queries_value(bool value) {
  return Json::from_canonical(value ? "{\"value\": true}" : "{\"value\": false}");
}

// A triplet's key: the JSON array of its ids.
inline std::string triplet_key(std::string_view source, std::string_view label, std::string_view target) {
  std::string text = Adjacency::key_start(source);
  append_json_string(label, text);
  text += ", ";
  append_json_string(target, text);
  return text += ']';
}

// As the reference's _get_relation_key.
inline std::string relation_key(std::string_view source, std::string_view label, std::string_view target) {
  std::string key;
  key.reserve(source.size() + label.size() + target.size() + 2);
  key.append(source).append("_").append(label).append("_").append(target);
  return key;
}

// ---- vector stores ----

inline constexpr std::string_view kEmbeddingDict = "embedding_dict";  // {id: vector}
inline constexpr std::string_view kTextIdToRefDocId = "text_id_to_ref_doc_id";
inline constexpr std::string_view kTextIdToDocId = "text_id_to_doc_id";  // as it was called until 0.6.16
inline constexpr std::string_view kMetadataDict = "metadata_dict";

inline constexpr std::string_view kVectorStorePrefix = "vector_store/";
inline constexpr std::string_view kEmbeddingsEnding = "/embeddings";
inline constexpr std::string_view kRefDocIdsEnding = "/ref_doc_ids";  // {id: {"ref_doc_id": ...}}
inline constexpr std::string_view kStateEnding = "/state";
inline constexpr std::string_view kHnswEnding = "/hnsw";
inline constexpr std::string_view kAnnEnding = "/ann";
inline constexpr std::string_view kSparseEnding = "/sparse";

// The namespace of the vector store that has a collection of this name, "vector_store/<ns>/embeddings".
inline std::string_view vector_namespace_of(std::string_view collection) {
  const size_t start = kVectorStorePrefix.size();
  const size_t end = collection.rfind('/');
  return end < start ? std::string_view() : collection.substr(start, end - start);
}

// The collections of the vector store of a namespace.
struct VectorCollections {
  explicit VectorCollections(std::string_view ns)
      : prefix(std::string(kVectorStorePrefix) + std::string(ns)),
        embeddings(collection_of(prefix, kEmbeddingsEnding)),
        ref_doc_ids(collection_of(prefix, kRefDocIdsEnding)),
        metadata(collection_of(prefix, kMetadataEnding)),
        state(collection_of(prefix, kStateEnding)),
        hnsw(collection_of(prefix, kHnswEnding)),
        ann(collection_of(prefix, kAnnEnding)),
        sparse(collection_of(prefix, kSparseEnding)) {}

  std::string prefix;
  std::string embeddings;
  std::string ref_doc_ids;
  std::string metadata;
  std::string state;  // has the key "metadata_dict" where the file says null for it
  std::string hnsw;   // has the key "settings" where there is a graph
  std::string ann;    // ... where queries look into partitions
  std::string sparse;
};

inline Json null_metadata_state() { return Json::from_canonical("{\"null\": true}"); }

}  // namespace quipu

#endif  // QUIPU_ENGINE_LAYOUT_STORAGE_LAYOUT_H_
