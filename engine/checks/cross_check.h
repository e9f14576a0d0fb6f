// Cross-checks: what one store names, against what the others have. Index structs against nodes, vectors and
// graphs, vectors against nodes, ref docs against nodes. Each gives one note for an index or a store, with
// counts and an example: LlamaIndex's own calls can leave all of it, and no repair touches it.
//
// The checks ask an IdPlaces what there is, so that they work on a store (cross_check_stores) as well as on
// an import that is under way (engine/persist/checked_load.h).
//
// Thread-safety: one thread at a time. Memory: that of one index struct.

#ifndef QUIPU_ENGINE_CHECKS_CROSS_CHECK_H_
#define QUIPU_ENGINE_CHECKS_CROSS_CHECK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quipu/kv_store.h"
#include "quipu/verify.h"

namespace quipu {

// What a collection is to the cross-checks.
enum class CollectionRole {
  kOther,
  kNodes,
  kNodeMetadata,
  kRefDocs,
  kIndexStructs,
  kSubjects,
  kGraphNodes,
  kVectors,
  kVectorMetadata,
};

// By its name and the persist file that it belongs to.
CollectionRole role_of(std::string_view collection, std::string_view persist_file);

// Which stores have an id.
class IdPlaces {
 public:
  virtual ~IdPlaces() = default;
  virtual Result<bool> has_node(std::string_view id) const = 0;        // a document store, or it is an index
  virtual Result<bool> has_vector(std::string_view id) const = 0;      // a vector store
  virtual Result<bool> has_subject(std::string_view id) const = 0;     // a graph store, as a subject
  virtual Result<bool> has_graph_node(std::string_view id) const = 0;  // a property graph
  virtual Result<bool> has_property_graph() const = 0;
};

// Those of a key-value store, which must outlive it. Each question is a look into the collections of a role.
class StorePlaces : public IdPlaces {
 public:
  StorePlaces(const KVReader& store, const std::vector<CollectionInfo>& infos);

  Result<bool> has_node(std::string_view id) const override;
  Result<bool> has_vector(std::string_view id) const override { return is_in(vectors_, id); }
  Result<bool> has_subject(std::string_view id) const override { return is_in(subjects_, id); }
  Result<bool> has_graph_node(std::string_view id) const override { return is_in(graph_nodes_, id); }
  Result<bool> has_property_graph() const override;

 private:
  Result<bool> is_in(const std::vector<std::string>& collections, std::string_view id) const;

  const KVReader& store_;
  const bool is_empty_;
  std::vector<std::string> nodes_;
  std::vector<std::string> vectors_;
  std::vector<std::string> subjects_;
  std::vector<std::string> graph_nodes_;
};

using TakeNote = std::function<Status(Fault note)>;

// Checks an entry of a collection of index structs.
Status check_index_struct(const IdPlaces& places, const std::string& collection, std::string_view key,
                          Json value, const TakeNote& take);

// How many ids are not where they should be, and the first of them.
struct MissingIds {
  uint64_t count = 0;
  std::string id;
  std::string owner;  // the key of the entry that names it

  void add(std::string_view missing, std::string_view its_owner) {
    if (count++ != 0) return;
    id = missing;
    owner = its_owner;
  }
};

// The check of one vector store: all keys of its vectors first, then its metadata.
class VectorsCheck {
 public:
  VectorsCheck(const IdPlaces& places, std::string collection)
      : places_(places), collection_(std::move(collection)) {}

  Status vector(std::string_view id);
  // What a vector is of may be said by its metadata: the vectors of a property graph may have ids of their
  // own.
  Status metadata(std::string_view id, JsonView value);
  Status finish(const TakeNote& take) const;

 private:
  Result<bool> has_owner(std::string_view id) const;

  const IdPlaces& places_;
  const std::string collection_;
  MissingIds missing_;
  MissingIds after_metadata_;       // of these, those whose metadata does not help
  uint64_t owned_by_metadata_ = 0;  // of these, those whose metadata has the node, or names one of a graph
};

// The notes of nodes that ref docs list: which do not exist; which are listed twice. Nothing where there are
// none.
Status note_missing_nodes(const std::string& ref_docs, const MissingIds& missing, const TakeNote& take);
Status note_repeated_nodes(const std::string& ref_docs, const MissingIds& repeated, const TakeNote& take);

// Index structs and vectors of a store. Cost: looks up each id that index structs name, and each vector's.
Status cross_check_stores(const KVReader& store, const std::vector<CollectionInfo>& infos,
                          const TakeNote& take);

}  // namespace quipu

#endif  // QUIPU_ENGINE_CHECKS_CROSS_CHECK_H_
