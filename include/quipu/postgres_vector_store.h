// PostgresVectorStore: nodes with their vectors in a table of a PostgreSQL server, which searches them with
// the extension pgvector, in the layout of LlamaIndex's PGVectorStore: each reads what the other wrote.
//
//   QUIPU_ASSIGN_OR_RETURN(const auto store, open_store("postgresql://host/db?schema=mine"));
//   PostgresVectorStore vectors(store, {.table_name = "essays"});
//   QUIPU_RETURN_IF_ERROR(vectors.add(nodes).status());        // in one transaction
//   QUIPU_RETURN_IF_ERROR(vectors.use_hnsw());                 // once there are many
//   auto found = vectors.query({.query_embedding = embedding, .similarity_top_k = 10});
//
// Over a transaction of the store (kv_transaction.h) it is part of that, with all other stores. It shares the
// store's schema and connections. The nodes are in the table: query() and get_nodes() return them.
//
// Thread-safety: any; processes on any machines may write at the same time. Lifetime: keeps the store.
// Errors: as VectorTable (backend/shared_tables.h): kNotSupported over any other store, kInvalidArgument
// where the server lacks pgvector or the table's embeddings have another dimension. After one nothing has
// changed. Cost: a call is one round trip. By nature: embeddings are float32 (float16 with use_halfvec), of
// one dimension in a table, without NaN and infinities; ids and texts have no NUL.

#ifndef QUIPU_POSTGRES_VECTOR_STORE_H_
#define QUIPU_POSTGRES_VECTOR_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quipu/kv_store.h"
#include "quipu/vector_store.h"

namespace quipu {

class VectorTable;

// The parameters of LlamaIndex's PGVectorStore by its names.
struct VectorTableOptions {
  std::string table_name = "llamaindex";  // the table is "data_" and this in lower case; at most 44 bytes
  // Numbers of an embedding. 0: as the table has them, or the first embedding that is written.
  size_t embed_dim = 0;

  // How the table is made where there is none; one that is there is taken as it is.
  bool hybrid_search = false;                  // a column for searches by words
  std::string text_search_config = "english";  // how these are read
  bool use_jsonb = false;                      // metadata as JSONB instead of JSON
  bool use_halfvec = false;                    // embeddings of 16 bits a number instead of 32
  // Keys of metadata with the type by which each is indexed: text, int, integer, numeric, float,
  // double precision, boolean, date, timestamp, uuid or text[].
  std::vector<std::pair<std::string, std::string>> indexed_metadata_keys = {};

  size_t hnsw_ef_search = 64;  // candidates of a query through an index, 1 to 1000; more: better, slower
};

// What a query may have beside a VectorStoreQuery.
struct PostgresQueryOptions {
  std::optional<std::vector<std::string>> doc_ids = std::nullopt;  // only nodes of these documents
  std::optional<std::string> query_str = std::nullopt;             // for SPARSE, TEXT_SEARCH and HYBRID
  std::optional<int> sparse_top_k = std::nullopt;  // how many by words; as similarity_top_k unless given
};

class PostgresVectorStore : public VectorStore {
 public:
  // Makes nothing: schema, extension and table come with the first node.
  explicit PostgresVectorStore(std::shared_ptr<BaseKVStore> kvstore, VectorTableOptions options = {});

  // A node that is there is replaced at its place (PGVectorStore would add it again). All or none is written.
  Result<std::vector<std::string>> add(std::span<const std::shared_ptr<const BaseNode>> nodes) override;
  // As the table has them, in float32.
  Result<std::vector<double>> get(std::string_view text_id) const override;
  // With their embeddings, in insertion order. No ids are no nodes; with neither ids nor filters, all.
  Result<std::vector<std::shared_ptr<const BaseNode>>> get_nodes(
      std::optional<std::span<const std::string>> node_ids = std::nullopt,
      const MetadataFilters* filters = nullptr) const override;
  Status delete_(std::string_view ref_doc_id) override;
  // With neither ids nor filters it removes nothing, as PGVectorStore; clear() removes all.
  Status delete_nodes(std::optional<std::span<const std::string>> node_ids = std::nullopt,
                      const MetadataFilters* filters = nullptr) override;
  Status clear() override;
  // Exact, unless an index for the query's similarity is there (use_hnsw()); then approximate, and a filter
  // that few nodes pass still finds as many as were asked for, if there are. Filters mean what PGVectorStore
  // makes of them in SQL (docs/COMPATIBILITY.md). Modes: DEFAULT; MMR, over the four times as many nearest;
  // SPARSE and TEXT_SEARCH by the words of query_str, HYBRID both, of a table with hybrid_search.
  // similarity_top_k 0 and less: none.
  Result<VectorStoreQueryResult> query(const VectorStoreQuery& query) const override;
  Result<VectorStoreQueryResult> query(const VectorStoreQuery& query, const PostgresQueryOptions& more) const;
  // Does nothing, as PGVectorStore's: the data are where they are.
  Status persist(const std::string& persist_path, const FileSystem& fs = local_file_system()) const override;

  // add() of nodes as documents' stores keep them, BaseNode::to_json(), with these embeddings.
  Status add_stored(std::span<const JsonView> nodes, std::span<const std::vector<double>> embeddings);

  // Makes an index for approximate search by this similarity, instead of one that is there; writers wait for
  // it. It is a table's own: all who query it use it. M and ef_construction of `options` count (pgvector
  // takes 100 and 1000 at most); how many candidates a query has is the options' hnsw_ef_search. For many
  // nodes add them first: the index is then made several times faster than it grows. Errors: kInvalidArgument
  // for options out of bounds, more than 2000 numbers an embedding (4000 with use_halfvec), and a table that
  // is not there; kNotSupported in a transaction.
  Status use_hnsw(const HnswOptions& options = {.M = 16, .ef_construction = 64},
                  SimilarityMode similarity = SimilarityMode::DEFAULT);
  Status drop_hnsw();
  // Its M and ef_construction; nothing where there is none.
  Result<std::optional<HnswOptions>> hnsw() const;
  Result<uint64_t> count() const;

  BaseKVStore& kvstore() const { return *kvstore_; }
  const VectorTableOptions& options() const { return options_; }

 private:
  std::shared_ptr<BaseKVStore> kvstore_;
  VectorTableOptions options_;
  Result<std::shared_ptr<VectorTable>> table_;
};

}  // namespace quipu

#endif  // QUIPU_POSTGRES_VECTOR_STORE_H_
