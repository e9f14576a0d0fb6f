#include "quipu/postgres_vector_store.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "engine/layout/table_name.h"
#include "engine/python/python_text.h"
#include "engine/stores/vector_tables/node_rows.h"
#include "engine/vectors/vector_index.h"
#include "quipu/backend/shared_tables.h"

namespace quipu {
namespace {

using Nodes = std::vector<std::shared_ptr<const BaseNode>>;
using Rows = std::vector<StoredVectorRow>;

// Of MMR, as PGVectorStore's DEFAULT_MMR_PREFETCH_FACTOR.
constexpr size_t kPrefetch = 4;

VectorTableOptions with_lower_name(VectorTableOptions options) {
  options.table_name = lower_table_name(options.table_name);
  return options;
}

Result<std::shared_ptr<VectorTable>> table_of(BaseKVStore& store, const VectorTableOptions& options) {
  SharedTables* const tables = SharedTables::of(store);
  if (tables != nullptr) return tables->vector_table(options);
  return Status::not_supported("this store has no tables of vectors: they are in PostgreSQL with pgvector");
}

VectorRowSelection selection(std::optional<std::span<const std::string>> node_ids,
                             const MetadataFilters* filters) {
  if (filters != nullptr && filters->filters.empty()) filters = nullptr;
  return {.node_ids = node_ids, .filters = filters};
}

VectorRowSelection selection(const VectorStoreQuery& query, const PostgresQueryOptions& more) {
  VectorRowSelection which;
  if (query.node_ids) which.node_ids = *query.node_ids;
  if (more.doc_ids) which.ref_doc_ids = *more.doc_ids;
  if (query.filters && !query.filters->filters.empty()) which.filters = &*query.filters;
  return which;
}

size_t wanted(int top_k) { return top_k < 0 ? 0 : static_cast<size_t>(top_k); }

Result<Rows> nearest(const VectorTable& table, const VectorStoreQuery& query,
                     const PostgresQueryOptions& more, size_t limit, bool with_embeddings) {
  return table.nearest({.embedding = query.query_embedding,
                        .similarity = query.similarity,
                        .limit = limit,
                        .with_embeddings = with_embeddings},
                       selection(query, more));
}

Result<Rows> with_words(const VectorTable& table, const VectorStoreQuery& query,
                        const PostgresQueryOptions& more) {
  if (!more.query_str) {
    return Status::invalid_argument("ValueError: query_str must be specified for a sparse vector query.");
  }
  return table.with_words(*more.query_str, wanted(more.sparse_top_k.value_or(query.similarity_top_k)),
                          selection(query, more));
}

// The nearest, and after them what has the words.
Result<Rows> hybrid(const VectorTable& table, const VectorStoreQuery& query,
                    const PostgresQueryOptions& more) {
  QUIPU_ASSIGN_OR_RETURN(Rows rows, nearest(table, query, more, wanted(query.similarity_top_k), false));
  QUIPU_ASSIGN_OR_RETURN(Rows others, with_words(table, query, more));
  std::ranges::move(others, std::back_inserter(rows));
  std::set<std::string> seen;
  std::erase_if(rows, [&](const StoredVectorRow& row) { return !seen.insert(row.node_id).second; });
  return rows;
}

// Picks among the nearest as the reference does; where there are not enough, these are the result.
Result<Rows> mmr(const VectorTable& table, const VectorStoreQuery& query, const PostgresQueryOptions& more) {
  const size_t limit = wanted(query.similarity_top_k);
  if (limit == 0) return Rows();
  QUIPU_ASSIGN_OR_RETURN(Rows rows, nearest(table, query, more, limit * kPrefetch, true));
  VectorIndex index;
  std::vector<uint32_t> places;
  std::unordered_map<std::string_view, StoredVectorRow*> by_id;
  for (StoredVectorRow& row : rows) {
    if (row.embedding.empty() || !by_id.emplace(row.node_id, &row).second) continue;
    index.put(row.node_id, std::nullopt, row.embedding);
    places.push_back(*index.row_of(row.node_id));
  }
  Rows picked;
  if (places.size() < limit) {
    for (size_t i = 0; i < std::min(limit, rows.size()); ++i) picked.push_back(std::move(rows[i]));
  } else {
    const VectorIndex::Fetch fetch = [&](std::span<const std::string_view> ids, const auto& use) {
      for (size_t i = 0; i < ids.size(); ++i) use(i, by_id.at(ids[i])->embedding);
      return Status::ok();
    };
    QUIPU_ASSIGN_OR_RETURN(const VectorStoreQueryResult found,
                           index.mmr(query.query_embedding, query.similarity_top_k, query.mmr_threshold,
                                     query.similarity, places, fetch));
    for (size_t i = 0; i < found.ids.size(); ++i) {
      picked.push_back(std::move(*by_id.at(found.ids[i])));
      picked.back().similarity = found.similarities[i];
    }
  }
  for (StoredVectorRow& row : picked) row.embedding.clear();  // a result has none
  return picked;
}

Result<Rows> search(const VectorTable& table, const VectorStoreQuery& query,
                    const PostgresQueryOptions& more) {
  switch (query.mode) {
    case VectorStoreQueryMode::DEFAULT:
      return nearest(table, query, more, wanted(query.similarity_top_k), false);
    case VectorStoreQueryMode::MMR: return mmr(table, query, more);
    case VectorStoreQueryMode::SPARSE:
    case VectorStoreQueryMode::TEXT_SEARCH: return with_words(table, query, more);
    case VectorStoreQueryMode::HYBRID: return hybrid(table, query, more);
    default:
      return Status::invalid_argument(
          "ValueError: Invalid query mode: a vector table has default, mmr, sparse, text_search and hybrid");
  }
}

}  // namespace

PostgresVectorStore::PostgresVectorStore(std::shared_ptr<BaseKVStore> kvstore, VectorTableOptions options)
    : kvstore_(std::move(kvstore)),
      options_(with_lower_name(std::move(options))),
      table_(table_of(*kvstore_, options_)) {}

Result<std::vector<std::string>> PostgresVectorStore::add(
    std::span<const std::shared_ptr<const BaseNode>> nodes) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorTable> table, table_);
  NodeRows rows;
  std::vector<std::string> ids;
  for (const std::shared_ptr<const BaseNode>& node : nodes) {
    std::optional<std::vector<double>> embedding = node->embedding();
    if (!embedding) return Status::invalid_argument("embedding not set.");
    QUIPU_RETURN_IF_ERROR(rows.add(*node, *std::move(embedding)));
    ids.push_back(node->node_id());
  }
  QUIPU_RETURN_IF_ERROR(table->put(rows.rows()));
  return ids;
}

Status PostgresVectorStore::add_stored(std::span<const JsonView> nodes,
                                       std::span<const std::vector<double>> embeddings) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorTable> table, table_);
  NodeRows rows;
  for (size_t i = 0; i < nodes.size(); ++i) {
    QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const BaseNode> node,
                           BaseNode::from_json(Json::from_canonical(std::string(nodes[i].text()))));
    QUIPU_RETURN_IF_ERROR(rows.add(*node, std::span<const double>(embeddings[i])));
  }
  return table->put(rows.rows());
}

Result<std::vector<double>> PostgresVectorStore::get(std::string_view text_id) const {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorTable> table, table_);
  const std::string id(text_id);
  QUIPU_ASSIGN_OR_RETURN(Rows rows, table->rows({.node_ids = std::span<const std::string>(&id, 1)}));
  if (!rows.empty()) return std::move(rows.front().embedding);
  std::string message = "KeyError: ";
  append_string_repr(text_id, message);
  return Status::not_found(message);
}

Result<Nodes> PostgresVectorStore::get_nodes(std::optional<std::span<const std::string>> node_ids,
                                             const MetadataFilters* filters) const {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorTable> table, table_);
  QUIPU_ASSIGN_OR_RETURN(const Rows rows, table->rows(selection(node_ids, filters)));
  Nodes nodes;
  for (const StoredVectorRow& row : rows) {
    QUIPU_ASSIGN_OR_RETURN(nodes.emplace_back(), node_of_row(row));
  }
  return nodes;
}

Status PostgresVectorStore::delete_(std::string_view ref_doc_id) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorTable> table, table_);
  const std::string id(ref_doc_id);
  return table->remove({.ref_doc_ids = std::span<const std::string>(&id, 1)});
}

Status PostgresVectorStore::delete_nodes(std::optional<std::span<const std::string>> node_ids,
                                         const MetadataFilters* filters) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorTable> table, table_);
  const VectorRowSelection which = selection(node_ids, filters);
  if (!which.node_ids && which.filters == nullptr) return Status::ok();
  return table->remove(which);
}

Status PostgresVectorStore::clear() {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorTable> table, table_);
  return table->remove({});
}

Result<VectorStoreQueryResult> PostgresVectorStore::query(const VectorStoreQuery& query) const {
  return this->query(query, {});
}

Result<VectorStoreQueryResult> PostgresVectorStore::query(const VectorStoreQuery& query,
                                                          const PostgresQueryOptions& more) const {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorTable> table, table_);
  QUIPU_ASSIGN_OR_RETURN(Rows rows, search(*table, query, more));
  VectorStoreQueryResult result;
  for (StoredVectorRow& row : rows) {
    QUIPU_ASSIGN_OR_RETURN(result.nodes.emplace_back(), node_of_row(row));
    result.ids.push_back(std::move(row.node_id));
    result.similarities.push_back(row.similarity);
  }
  return result;
}

Status PostgresVectorStore::persist(const std::string& /*persist_path*/, const FileSystem& /*fs*/) const {
  return Status::ok();
}

Status PostgresVectorStore::use_hnsw(const HnswOptions& options, SimilarityMode similarity) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorTable> table, table_);
  return table->use_hnsw(options, similarity);
}

Status PostgresVectorStore::drop_hnsw() {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorTable> table, table_);
  return table->drop_hnsw();
}

Result<std::optional<HnswOptions>> PostgresVectorStore::hnsw() const {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorTable> table, table_);
  return table->hnsw();
}

Result<uint64_t> PostgresVectorStore::count() const {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorTable> table, table_);
  return table->count();
}

}  // namespace quipu
