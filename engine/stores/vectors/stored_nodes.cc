#include "engine/stores/vectors/stored_nodes.h"

#include <algorithm>
#include <utility>

#include "engine/kv/consistent_view.h"
#include "engine/node/node_metadata.h"

namespace quipu {
namespace {

using Nodes = std::vector<std::shared_ptr<const BaseNode>>;

constexpr size_t kReadAtOnce = 256;

// Those of the ids that the collection has, in insertion order, each once.
Result<std::vector<std::string>> in_order(const KVReader& state, std::span<const std::string> ids,
                                          const std::string& collection) {
  const std::vector<std::string_view> keys(ids.begin(), ids.end());
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<uint64_t>> places,
                         state.insertion_order(keys, collection));
  std::vector<std::pair<uint64_t, std::string>> there;
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i]) there.emplace_back(*places[i], ids[i]);
  }
  std::ranges::sort(there);
  const auto repeated = std::ranges::unique(there);
  there.erase(repeated.begin(), repeated.end());
  std::vector<std::string> sorted;
  for (auto& [place, id] : there) sorted.push_back(std::move(id));
  return sorted;
}

Result<std::vector<std::string>> all_ids(const KVReader& state, const std::string& collection) {
  ScanOptions keys;
  keys.keys_only = true;
  keys.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, state.scan(keys, collection));
  std::vector<std::string> ids;
  while (it->next()) ids.emplace_back(it->key());
  QUIPU_RETURN_IF_ERROR(it->status());
  return ids;
}

}  // namespace

Result<Nodes> StoredNodes::get_nodes(std::optional<std::span<const std::string>> node_ids,
                                     const MetadataFilters* filters) const {
  if (filters != nullptr && filters->filters.empty()) filters = nullptr;
  std::vector<std::string> matching;
  if (filters != nullptr) {
    VectorStoreQuery wanted{.filters = *filters};
    if (node_ids) wanted.node_ids.emplace(node_ids->begin(), node_ids->end());
    QUIPU_ASSIGN_OR_RETURN(matching, searcher_.candidate_ids(wanted));
  }
  return read_consistent_view(*store_.kvstore, [&](const KVReader& state) -> Result<Nodes> {
    const std::string& vectors = store_.collections.embeddings;
    if (filters == nullptr) {
      QUIPU_ASSIGN_OR_RETURN(matching,
                             node_ids ? in_order(state, *node_ids, vectors) : all_ids(state, vectors));
    }
    QUIPU_ASSIGN_OR_RETURN(Nodes nodes, read(state, matching));
    std::erase(nodes, nullptr);
    return nodes;
  });
}

Status StoredNodes::add_to(VectorStoreQueryResult& result) const {
  QUIPU_ASSIGN_OR_RETURN(Nodes nodes, read(*store_.kvstore, result.ids));
  VectorStoreQueryResult there;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i]) continue;
    there.ids.push_back(std::move(result.ids[i]));
    there.similarities.push_back(result.similarities[i]);
    there.nodes.push_back(std::move(nodes[i]));
  }
  result = std::move(there);
  return Status::ok();
}

Result<Nodes> StoredNodes::read(const KVReader& state, std::span<const std::string> ids) const {
  Nodes nodes;
  nodes.reserve(ids.size());
  for (std::span<const std::string> rest = ids; !rest.empty();) {
    const std::span<const std::string> some = rest.first(std::min(rest.size(), kReadAtOnce));
    rest = rest.subspan(some.size());
    const std::vector<std::string_view> keys(some.begin(), some.end());
    QUIPU_ASSIGN_OR_RETURN(const auto metadata, state.multi_get(keys, store_.collections.metadata));
    for (size_t i = 0; i < keys.size(); ++i) {
      if (metadata[i]) {
        Result<std::shared_ptr<const BaseNode>> node = vector_metadata_to_node(*metadata[i]);
        if (!node) return no_node(keys[i], node.error());
        nodes.push_back(*std::move(node));
        continue;
      }
      QUIPU_ASSIGN_OR_RETURN(const bool there, state.exists(keys[i], store_.collections.embeddings));
      if (there) return no_node(keys[i], Status::invalid_argument("it has no metadata"));
      nodes.push_back(nullptr);
    }
  }
  return nodes;
}

Status StoredNodes::no_node(std::string_view id, const Status& why) const {
  return Status::invalid_argument("vector store " + store_.ns + ": no node is kept with the vector " +
                                  Json::from_string(id).text() + " (" + why.message() +
                                  "); add it again with stores_text, or open the store without");
}

}  // namespace quipu
