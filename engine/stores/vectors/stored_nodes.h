// StoredNodes: the nodes of a vector store that keeps them, which are in their vectors' metadata.

#ifndef QUIPU_ENGINE_STORES_VECTORS_STORED_NODES_H_
#define QUIPU_ENGINE_STORES_VECTORS_STORED_NODES_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/stores/vectors/vector_searcher.h"
#include "engine/stores/vectors/vector_store_state.h"
#include "quipu/vector_store.h"

namespace quipu {

class StoredNodes {
 public:
  StoredNodes(const VectorStoreState& store, const VectorSearcher& searcher)
      : store_(store), searcher_(searcher) {}

  // As KVVectorStore's.
  Result<std::vector<std::shared_ptr<const BaseNode>>> get_nodes(
      std::optional<std::span<const std::string>> node_ids, const MetadataFilters* filters) const;

  // Adds the nodes of its ids to a result; what has been deleted meanwhile leaves it.
  Status add_to(VectorStoreQueryResult& result) const;

 private:
  // The nodes of these ids; null for each whose vector is not there. Errors: kInvalidArgument, for a vector
  // without a node.
  Result<std::vector<std::shared_ptr<const BaseNode>>> read(const KVReader& state,
                                                            std::span<const std::string> ids) const;
  Status no_node(std::string_view id, const Status& why) const;

  const VectorStoreState& store_;
  const VectorSearcher& searcher_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_VECTORS_STORED_NODES_H_
