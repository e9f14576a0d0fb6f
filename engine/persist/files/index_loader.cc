#include "engine/persist/files/file_loaders.h"
#include "engine/persist/files/key_value_loader.h"
#include "engine/persist/former/former_triplets.h"
#include "quipu/graph_store.h"

namespace quipu {
namespace {

// index_store.json: values as they are. Memory: the triplets that index structs hold, which go to the graph
// store if this has none, as when the reference loads such an index.
class IndexLoader : public KeyValueLoader {
 public:
  using KeyValueLoader::KeyValueLoader;

  Status begin_collection(std::string_view name, JsonKind kind) override {
    triplets_ = {};
    return KeyValueLoader::begin_collection(name, kind);
  }

  Status entry(std::string_view key, JsonView value) override {
    if (!triplets_.take(value)) malformed_.emplace_back(key);
    return put(key, value);
  }

  Status finish(FileLoaders& all) override {
    for (const std::string& id : malformed_) {
      all.note(report().name + ": the rel_map of index " + id +
               " is not made of pairs, and stays where it is");
    }
    if (triplets_.empty()) return Status::ok();
    QUIPU_ASSIGN_OR_RETURN(FileLoader* const graph_store, all.at(GRAPH_STORE_PERSIST_FNAME));
    for (const CollectionReport& graph : graph_store->report().collections) {
      if (graph.count != 0) return Status::ok();
    }
    all.note(report().name + ": triplets that a knowledge graph index keeps itself: " +
             std::to_string(triplets_.triplets()) + ", imported into the graph store");
    return triplets_.give_to(*graph_store);
  }

 private:
  FormerTriplets triplets_;
  std::vector<std::string> malformed_;
};

}  // namespace

std::unique_ptr<FileLoader> make_index_loader(const std::string& name, BulkLoad& load,
                                              CollectionOwners& owners) {
  return std::make_unique<IndexLoader>(name, load, owners);
}

}  // namespace quipu
