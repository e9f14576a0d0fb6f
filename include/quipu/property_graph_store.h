// Property graph stores: labelled nodes with properties, and relations between them.
//
//   KVPropertyGraphStore graph(kv);
//   graph.upsert_nodes(std::vector{LabelledNode::entity("Ann")});
//   graph.upsert_relations(std::vector{Relation("KNOWS", "Ann", "Bob")});   // makes Bob
//   auto triplets = graph.get_rel_map(nodes, 2);
//
// Methods and behaviour are those of the reference's PropertyGraphStore and SimplePropertyGraphStore, with
// its delete and its updates of relations repaired: no relation is ever left without its two nodes, and
// upserting a relation that is there replaces its properties. docs/COMPATIBILITY.md lists each.
// Thread-safety: any number of threads; each change is atomic. Cost: one hop is O(degree), on PostgreSQL one
// statement for all nodes that it goes on from; a search by properties or relation names alone is O(graph).

#ifndef QUIPU_PROPERTY_GRAPH_STORE_H_
#define QUIPU_PROPERTY_GRAPH_STORE_H_

#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/file_system.h"
#include "quipu/kv_store.h"
#include "quipu/node.h"
#include "quipu/status.h"
#include "quipu/vector_store.h"

namespace quipu {

inline constexpr std::string_view PG_STORE_PERSIST_FNAME = "property_graph_store.json";
// Properties in which LlamaIndex's property graph index keeps where a node came from.
inline constexpr std::string_view TRIPLET_SOURCE_KEY = "triplet_source_id";
inline constexpr std::string_view VECTOR_SOURCE_KEY = "vector_source_id";

// Which nodes or triplets a call is about. An empty list, or empty properties, is as if it were not given.
struct GraphSelection {
  std::vector<std::string> entity_names = {};    // ids of nodes
  std::vector<std::string> relation_names = {};  // labels of relations
  Json properties =
      Json::from_canonical("{}");     // matches where any of these pairs is equal, as Python has it
  std::vector<std::string> ids = {};  // ids of nodes

  bool empty() const {
    return entity_names.empty() && relation_names.empty() && ids.empty() && !properties.view().truthy();
  }
};

struct ScoredNodes {
  std::vector<LabelledNode> nodes;
  std::vector<double> similarities;
};

class PropertyGraphStore {
 public:
  virtual ~PropertyGraphStore() = default;

  // Nodes in the order in which they were added: all, or those that match the properties and are among `ids`.
  virtual Result<std::vector<LabelledNode>> get(JsonView properties = {},
                                                std::span<const std::string> ids = {}) const = 0;
  // Triplets that meet every given condition; none when none is given. A name or an id selects the triplets
  // at whose either end it is; properties those of which a node or the relation matches.
  virtual Result<std::vector<Triplet>> get_triplets(const GraphSelection& selection) const = 0;
  // Triplets at most `depth` steps from the given nodes, nearest first, at most `limit` of them; those of
  // the first step may come again in a later one, as in the reference.
  virtual Result<std::vector<Triplet>> get_rel_map(std::span<const LabelledNode> graph_nodes, int depth = 2,
                                                   int limit = 30,
                                                   std::span<const std::string> ignore_rels = {}) const = 0;
  // Adds nodes; one of an id that is there replaces it at its place.
  virtual Status upsert_nodes(std::span<const LabelledNode> nodes) = 0;
  // Adds relations, and entities for ends that are not there. One that is there gets the new properties.
  virtual Status upsert_relations(std::span<const Relation> relations) = 0;
  // Removes the nodes that are named or whose properties match, with all their relations, and the relations
  // that are named or match. Nothing given: nothing removed.
  virtual Status delete_(const GraphSelection& selection) = 0;
  // The entities whose embeddings are most similar, best first, and how similar; filters are over their
  // properties. Default: kNotSupported, as in the reference.
  virtual Result<ScoredNodes> vector_query(const VectorStoreQuery& query) const;
  // Writes property_graph_store.json as pydantic does, replacing the file atomically. Error: kInvalidArgument
  // for a lone surrogate, which that form cannot hold.
  virtual Status persist(const std::string& persist_path,
                         const FileSystem& fs = local_file_system()) const = 0;
  // Default: kNotSupported, as in the reference.
  virtual Result<Json> structured_query(std::string_view query, JsonView param_map = {}) const;

  // Chunks for LlamaIndex nodes, and back; a chunk that holds no node is left out. Built on the calls above.
  Status upsert_llama_nodes(std::span<const std::shared_ptr<const BaseNode>> llama_nodes);
  Result<std::vector<std::shared_ptr<const BaseNode>>> get_llama_nodes(
      std::span<const std::string> node_ids) const;
  // Removes what came from these nodes or documents: chunks of these ids, and nodes whose triplet_source_id
  // or ref_doc_id they are.
  Status delete_llama_nodes(std::span<const std::string> node_ids,
                            std::span<const std::string> ref_doc_ids = {});
};

class KVPropertyGraphStore : public PropertyGraphStore {
 public:
  // The collections are ns + "/nodes", "/relations", "/triplets" and "/state"; an empty namespace means
  // "property_graph_store". `supports_vector_queries`: true where entities are to carry their embeddings on
  // their nodes and to be found by vector_query(), which the first write then records for all who open the
  // graph later; false where LlamaIndex is to keep them in the default vector store, as it does beside its
  // own store; nullopt to go by the record, or, in a graph of a version that had none, by the nodes.
  explicit KVPropertyGraphStore(std::shared_ptr<BaseKVStore> kvstore, std::string_view ns = {},
                                std::optional<bool> supports_vector_queries = std::nullopt);

  Result<std::vector<LabelledNode>> get(JsonView properties = {},
                                        std::span<const std::string> ids = {}) const override;
  Result<std::vector<Triplet>> get_triplets(const GraphSelection& selection) const override;
  Result<std::vector<Triplet>> get_rel_map(std::span<const LabelledNode> graph_nodes, int depth = 2,
                                           int limit = 30,
                                           std::span<const std::string> ignore_rels = {}) const override;
  Status upsert_nodes(std::span<const LabelledNode> nodes) override;
  Status upsert_relations(std::span<const Relation> relations) override;
  Status delete_(const GraphSelection& selection) override;
  // What the constructor was given, else what holds for the graph; false for a new one. An export brings
  // embeddings that are on nodes into the default vector store's file too where it holds, so that the
  // reference finds them. Cost: a look-up; in a graph without a record, once, a scan up to the first entity
  // with an embedding.
  Result<bool> supports_vector_queries() const;
  // Exact, as KVVectorStore's; the first query makes an index of all entities that have an embedding, be it
  // on their node or, failing that, under their id in the default vector store of the same key-value store.
  // Answers whatever supports_vector_queries() says.
  Result<ScoredNodes> vector_query(const VectorStoreQuery& query) const override;
  Status persist(const std::string& persist_path, const FileSystem& fs = local_file_system()) const override;

  // {"labels": [...], "relations": [...], "properties": [...]}: the labels of nodes, those of relations, and
  // the names of properties, each sorted. Cost: O(graph).
  Result<Json> get_schema(bool refresh = false) const;

  // The reference's async twins: the calls above on the key-value store's executor.
  std::future<Result<std::vector<LabelledNode>>> aget(Json properties = Json::from_canonical("{}"),
                                                      std::vector<std::string> ids = {});
  std::future<Result<std::vector<Triplet>>> aget_triplets(GraphSelection selection);
  std::future<Result<std::vector<Triplet>>> aget_rel_map(std::vector<LabelledNode> graph_nodes, int depth = 2,
                                                         int limit = 30,
                                                         std::vector<std::string> ignore_rels = {});
  std::future<Result<std::vector<std::shared_ptr<const BaseNode>>>> aget_llama_nodes(
      std::vector<std::string> node_ids);
  std::future<Status> aupsert_nodes(std::vector<LabelledNode> nodes);
  std::future<Status> aupsert_relations(std::vector<Relation> relations);
  std::future<Status> adelete(GraphSelection selection);
  std::future<Status> adelete_llama_nodes(std::vector<std::string> node_ids,
                                          std::vector<std::string> ref_doc_ids = {});
  std::future<Result<ScoredNodes>> avector_query(VectorStoreQuery query);
  std::future<Result<Json>> aget_schema(bool refresh = false);

  // {"nodes": {id: node}, "relations": {key: relation}, "triplets": [[source, label, target], ...]}.
  Result<Json> to_dict() const;

  BaseKVStore& kvstore() const;

 protected:
  // Adds what to_dict() gives. Errors: kInvalidArgument naming what is malformed or dangles.
  Status load(JsonView save_dict);

 private:
  struct Parts;

  // One that does not own its key-value store, for the async twins.
  KVPropertyGraphStore unowned() const;

  std::shared_ptr<const Parts> parts_;  // which copies share
};

// The reference's SimplePropertyGraphStore: in memory, saved as one JSON file.
class SimplePropertyGraphStore : public KVPropertyGraphStore {
 public:
  SimplePropertyGraphStore();

  // Errors: kNotFound for a missing file; kIoError, kInvalidArgument.
  static Result<SimplePropertyGraphStore> from_persist_dir(const std::string& persist_dir = "./storage",
                                                           const FileSystem& fs = local_file_system());
  static Result<SimplePropertyGraphStore> from_persist_path(const std::string& persist_path,
                                                            const FileSystem& fs = local_file_system());
  static Result<SimplePropertyGraphStore> from_dict(JsonView save_dict);
};

}  // namespace quipu

#endif  // QUIPU_PROPERTY_GRAPH_STORE_H_
