// Graph stores: subject, relation, object, as LlamaIndex's knowledge graph index keeps them.
//
//   KVGraphStore graph(kv);
//   graph.upsert_triplet("Ann", "knows", "Bob");
//   auto relations = graph.get("Ann");            // Result<std::vector<GraphEdge>>: {"knows", "Bob"}
//   auto map = graph.get_rel_map(std::vector<std::string>{"Ann"}, 2);
//
// Methods and behaviour are those of the reference's GraphStore and SimpleGraphStore, with delete_ repaired:
// there it never deletes. Subjects and their edges keep the order in which they were added.
// Strings are UTF-8, a lone surrogate its three bytes. Thread-safety: any number of threads; each change is
// atomic. Cost: upsert_triplet and delete_ O(1) where the key-value store has member lists (RocksDB), else
// O(degree); get O(degree); get_rel_map on a server a statement for each step.

#ifndef QUIPU_GRAPH_STORE_H_
#define QUIPU_GRAPH_STORE_H_

#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quipu/file_system.h"
#include "quipu/kv_store.h"
#include "quipu/status.h"

namespace quipu {

inline constexpr std::string_view GRAPH_STORE_PERSIST_FNAME = "graph_store.json";

// What a subject is related to.
struct GraphEdge {
  std::string rel;
  std::string obj;
  friend bool operator==(const GraphEdge&, const GraphEdge&) = default;
};

struct GraphTriplet {
  std::string subj;
  std::string rel;
  std::string obj;
  friend bool operator==(const GraphTriplet&, const GraphTriplet&) = default;
};

// For each subject, in order, the triplets that lead on from it.
using GraphRelMap = std::vector<std::pair<std::string, std::vector<GraphTriplet>>>;

class GraphStore {
 public:
  virtual ~GraphStore() = default;

  // The edges of a subject in order; none for one that is not known.
  virtual Result<std::vector<GraphEdge>> get(std::string_view subj) const = 0;
  // Up to `depth` steps from each subject (all subjects when none are given), depth first: each edge is
  // followed by those of its object. The reference's limits: `limit` triplets in all, at most `limit` edges
  // of a subject and 30 of an object on the way; the subject where `limit` is reached is cut, those after it
  // are left out.
  virtual Result<GraphRelMap> get_rel_map(std::optional<std::span<const std::string>> subjs = std::nullopt,
                                          int depth = 2, int limit = 30) const = 0;
  // Adds a triplet; one that is there stays where it is.
  virtual Status upsert_triplet(std::string_view subj, std::string_view rel, std::string_view obj) = 0;
  // Removes a triplet, and the subject once it has none left; an unknown one is fine.
  virtual Status delete_(std::string_view subj, std::string_view rel, std::string_view obj) = 0;
  // Writes graph_store.json, replacing the file atomically; makes its directory when missing.
  virtual Status persist(const std::string& persist_path = "./storage/graph_store.json",
                         const FileSystem& fs = local_file_system()) const = 0;
  // Default: kNotSupported, as in the reference.
  virtual Result<std::string> get_schema(bool refresh = false) const;
  virtual Result<Json> query(std::string_view query, JsonView param_map = {});
};

class KVGraphStore : public GraphStore {
 public:
  // The collection is ns + "/data"; an empty namespace means "graph_store".
  explicit KVGraphStore(std::shared_ptr<BaseKVStore> kvstore, std::string_view ns = {});

  Result<std::vector<GraphEdge>> get(std::string_view subj) const override;
  Result<GraphRelMap> get_rel_map(std::optional<std::span<const std::string>> subjs = std::nullopt,
                                  int depth = 2, int limit = 30) const override;
  Status upsert_triplet(std::string_view subj, std::string_view rel, std::string_view obj) override;
  Status delete_(std::string_view subj, std::string_view rel, std::string_view obj) override;
  Status persist(const std::string& persist_path = "./storage/graph_store.json",
                 const FileSystem& fs = local_file_system()) const override;

  // {"graph_dict": {subj: [[rel, obj], ...]}}: the reference's to_dict, and the content of its file.
  Result<Json> to_dict() const;

  BaseKVStore& kvstore() const { return *kvstore_; }
  const std::string& collection() const { return collection_; }

 protected:
  // Adds what to_dict() gives. Errors: kInvalidArgument naming the subject that is malformed.
  Status load(JsonView save_dict);

 private:
  std::shared_ptr<BaseKVStore> kvstore_;
  std::string collection_;
};

// The reference's SimpleGraphStore: in memory, saved as one JSON file.
class SimpleGraphStore : public KVGraphStore {
 public:
  SimpleGraphStore();

  // A file that is missing is an empty store, as in the reference. Errors: kIoError, kInvalidArgument.
  static Result<SimpleGraphStore> from_persist_dir(const std::string& persist_dir = "./storage",
                                                   const FileSystem& fs = local_file_system());
  static Result<SimpleGraphStore> from_persist_path(const std::string& persist_path,
                                                    const FileSystem& fs = local_file_system());
  static Result<SimpleGraphStore> from_dict(JsonView save_dict);
};

}  // namespace quipu

#endif  // QUIPU_GRAPH_STORE_H_
