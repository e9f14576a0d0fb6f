// Filters over the metadata of vectors, as LlamaIndex's vector_stores/types.py has them.
//
//   MetadataFilters filters{{MetadataFilter{"page", Json::from_int(3), FilterOperator::GTE}}};
//
// Semantics are Python's, as in the reference's build_metadata_filter_fn: 1 == 1.0 == True, ints of any
// length compare exactly with floats, `in` looks for substrings in strings and keys in dicts, what Python
// cannot compare is an error (kInvalidArgument "TypeError: ..."). Missing and null metadata match only NE and
// NIN (and IS_EMPTY).

#ifndef QUIPU_VECTOR_STORE_H_
#define QUIPU_VECTOR_STORE_H_

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "quipu/file_system.h"
#include "quipu/json.h"
#include "quipu/kv_store.h"
#include "quipu/node.h"
#include "quipu/progress.h"
#include "quipu/status.h"

namespace quipu {

enum class FilterOperator {
  EQ,                      // ==
  GT,                      // >
  LT,                      // <
  NE,                      // !=
  GTE,                     // >=
  LTE,                     // <=
  IN,                      // the metadata is in the value
  NIN,                     // it is not
  ANY,                     // any element of the value is in the metadata
  ALL,                     // all are
  TEXT_MATCH,              // the value is a substring
  TEXT_MATCH_INSENSITIVE,  // the same, lower case
  CONTAINS,                // the value is in the metadata
  IS_EMPTY,                // no metadata, or null, "" or []
};

// How several filters combine; NOT: none may match.
enum class FilterCondition { AND, OR, NOT };

struct MetadataFilter {
  std::string key;
  Json value;
  FilterOperator op = FilterOperator::EQ;

  // {"key", "value", "operator"}. Errors: kInvalidArgument "ValidationError: ..." for an unknown operator,
  // and for a value that is no string, number, list of one kind of these, or null.
  static Result<MetadataFilter> from_json(JsonView json);
};

struct MetadataFilters {
  // Nested filters are refused when they are used, as in the reference.
  std::vector<std::variant<MetadataFilter, MetadataFilters>> filters;
  std::optional<FilterCondition> condition = FilterCondition::AND;  // nothing: AND

  // {"filters": [...], "condition": "and" | "or" | "not" | null}.
  static Result<MetadataFilters> from_json(JsonView json);
};

// Vector stores: embeddings of nodes, searched by similarity, as LlamaIndex's SimpleVectorStore keeps them.
//
//   KVVectorStore vectors(kv);
//   vectors.add(nodes);                                  // nodes with embeddings
//   VectorStoreQuery query{.query_embedding = embedding, .similarity_top_k = 10};
//   auto result = vectors.query(query);                  // Result<VectorStoreQueryResult>: ids, similarities
//
// Methods and behaviour are those of the reference's BasePydanticVectorStore and SimpleVectorStore: ids in
// order of falling similarity, similarities as float64 computes them, MMR, filters as Python evaluates them.
// Vectors are stored losslessly and searched exactly: codes with bounds of their error pick few candidates
// whose true similarity is then computed.
//
// Thread-safety: any number of threads; queries run beside each other. Several objects over one key-value
// store and namespace share one search index. What others write past these objects is seen where
// the store tells of it (BaseKVStore::change_version), else by objects made after all of them are gone.
// Memory: the first query makes an index of a byte an element, 64 at least. RocksDBOptions's
// search_memory_bytes bounds it: from a third of that on an index has half a byte an element until it is made
// anew, ids only once a query needs them, and its queries read more of what is stored; a store whose index
// would be larger has none until it is opened again or cleared. Vectors of more than 32,768 elements have no
// codes there: each query reads all of them.
//
// Cost of a query: O(vectors), one pass over the index; it waits for writes to this store. MMR loads what
// passes its filters, unless all vectors would take more than search_memory_bytes. Without an index a query
// reads the codes of all vectors, where they are kept and there are no filters, else all vectors and, for
// filters, their metadata from disk; MMR, where it may not load them, does so once for each result.

inline constexpr std::string_view VECTOR_STORE_PERSIST_FNAME = "vector_store.json";
inline constexpr std::string_view NAMESPACE_SEP = "__";
inline constexpr std::string_view DEFAULT_VECTOR_STORE = "default";

enum class VectorStoreQueryMode {
  DEFAULT,
  SPARSE,
  HYBRID,
  TEXT_SEARCH,
  SEMANTIC_HYBRID,
  SVM,
  LOGISTIC_REGRESSION,
  LINEAR_REGRESSION,
  MMR,
};

// What is compared; higher is better: cosine, inner product, minus the distance. Source:
// llama_index/core/base/embeddings/base.py.
enum class SimilarityMode { DEFAULT, DOT_PRODUCT, EUCLIDEAN };

// What a learned encoder such as SPLADE makes of a text: weights, not negative, by the numbers of its terms,
// no two alike. What is compared is the inner product, of float32 numbers.
struct SparseVector {
  std::vector<uint32_t> indices;
  std::vector<double> values;
};

struct VectorStoreQuery {
  std::vector<double> query_embedding = {};
  int similarity_top_k = 1;                                         // 0: all; negative: none
  std::optional<std::vector<std::string>> node_ids = std::nullopt;  // only these
  VectorStoreQueryMode mode = VectorStoreQueryMode::DEFAULT;
  std::optional<MetadataFilters> filters = std::nullopt;
  // For MMR: 1 looks at similarity alone, 0 at difference from the result before. (The reference's keyword
  // argument; it ignores the query's own member of this name.)
  double mmr_threshold = 0.5;
  SimilarityMode similarity = SimilarityMode::DEFAULT;

  // Of the modes that search text; the others pass them by.
  std::string query_str = {};
  std::optional<double> alpha = std::nullopt;  // of HYBRID: 0, text alone, to 1, vectors alone; nothing: 0.5
  std::optional<int> sparse_top_k = std::nullopt;  // how many texts are found; nothing: similarity_top_k
  std::optional<int> hybrid_top_k = std::nullopt;  // how many of HYBRID's remain; nothing: similarity_top_k
  std::optional<std::vector<std::string>> doc_ids = std::nullopt;  // only nodes of these documents
  // Of SPARSE, HYBRID and SEMANTIC_HYBRID: what is looked for among the store's sparse vectors, in place of
  // words in texts.
  std::optional<SparseVector> sparse_embedding = std::nullopt;
};

struct VectorStoreQueryResult {
  std::vector<std::string> ids;
  std::vector<double> similarities;
  std::vector<std::shared_ptr<const BaseNode>> nodes = {};  // of a store that keeps them, else none
};

// How a graph for approximate search is made and searched; hnswlib's parameters of these names.
struct HnswOptions {
  size_t M = 16;                 // links of a vector, 2 to 512; more: better results, slower, larger
  size_t ef_construction = 200;  // candidates when a vector is added, M to 100,000; more: better, slower
  size_t ef = 64;                // candidates of a query, 1 to 100,000; more: better results, slower
};
Status check_hnsw_options(const HnswOptions& options);

// What a vector store keeps of a node, for callers that have it without a BaseNode. Views must live until the
// call returns.
struct VectorStoreEntry {
  std::string_view id;
  std::span<const double> embedding;
  std::string_view class_name = "TextNode";
  std::string_view ref_doc_id = {};  // empty: none
  JsonView metadata = JsonView::from_canonical("{}");
  // The node itself, as BaseNode::to_json() has it, there where it is to be kept; its embedding is not looked
  // at.
  JsonView node = {};
  // Null: none, and one that the id had goes.
  const SparseVector* sparse = nullptr;
};

class VectorStore {
 public:
  virtual ~VectorStore() = default;

  // Stores embeddings, source ids and metadata; a node that is there is replaced at its place. Errors:
  // kInvalidArgument "embedding not set." for a node without one; those before it are stored then, as in the
  // reference. The ids of the nodes.
  virtual Result<std::vector<std::string>> add(std::span<const std::shared_ptr<const BaseNode>> nodes) = 0;
  // Errors: kNotFound "KeyError: 'id'".
  virtual Result<std::vector<double>> get(std::string_view text_id) const = 0;
  // The nodes themselves, of stores that keep them. Default: kNotSupported, as in the reference, whose
  // SimpleVectorStore keeps none.
  virtual Result<std::vector<std::shared_ptr<const BaseNode>>> get_nodes(
      std::optional<std::span<const std::string>> node_ids = std::nullopt,
      const MetadataFilters* filters = nullptr) const;
  // Removes the vectors of all nodes from this document; an unknown one is fine.
  virtual Status delete_(std::string_view ref_doc_id) = 0;
  // Removes the given nodes, those that match, or those that do both; with neither, all.
  virtual Status delete_nodes(std::optional<std::span<const std::string>> node_ids = std::nullopt,
                              const MetadataFilters* filters = nullptr) = 0;
  virtual Status clear() = 0;
  // Errors: kInvalidArgument for a wrong dimension, an element that is NaN or infinite, a filter that Python
  // could not evaluate, a mode that the reference does not know here; kNotSupported for the modes that fit a
  // learner (SVM and regressions).
  virtual Result<VectorStoreQueryResult> query(const VectorStoreQuery& query) const = 0;
  // Writes <namespace>__vector_store.json's content, replacing the file atomically.
  virtual Status persist(const std::string& persist_path,
                         const FileSystem& fs = local_file_system()) const = 0;
};

class KVVectorStore : public VectorStore {
 public:
  // The collections are "vector_store/" + ns + "/embeddings", "/ref_doc_ids", "/metadata" and
  // "/state". `stores_text`: add() keeps the nodes, too, and query() and get_nodes() return them. A node is
  // in its metadata, under "_node_content" and without its embedding, as node_to_metadata_dict of the
  // reference writes it, and so goes through persist files, also through the reference's own store. It is
  // that of the last add(): one by an object without `stores_text` takes it away.
  explicit KVVectorStore(std::shared_ptr<BaseKVStore> kvstore, std::string_view ns = DEFAULT_VECTOR_STORE,
                         bool stores_text = false);
  ~KVVectorStore() override;
  KVVectorStore(KVVectorStore&&) noexcept;
  KVVectorStore& operator=(KVVectorStore&&) noexcept;

  Result<std::vector<std::string>> add(std::span<const std::shared_ptr<const BaseNode>> nodes) override;
  Result<std::vector<double>> get(std::string_view text_id) const override;
  // The nodes of these ids, those that match, or those that do both, in insertion order; with neither, all.
  // Metadata are as they are kept: in pydantic's mode "json". Errors: kNotSupported without `stores_text`;
  // kInvalidArgument, also of query(), naming a vector that has no node with it. Cost: of the nodes that are
  // returned, which are in memory; filters as those of a query.
  Result<std::vector<std::shared_ptr<const BaseNode>>> get_nodes(
      std::optional<std::span<const std::string>> node_ids = std::nullopt,
      const MetadataFilters* filters = nullptr) const override;
  Status delete_(std::string_view ref_doc_id) override;
  Status delete_nodes(std::optional<std::span<const std::string>> node_ids = std::nullopt,
                      const MetadataFilters* filters = nullptr) override;
  Status clear() override;
  // Beside the reference's modes for its SimpleVectorStore, modes over the text of the document store
  // (use_document_store): of its nodes, those that this store has a vector of, with the query's node_ids,
  // doc_ids and filters.
  //   TEXT_SEARCH      query_str in the syntax of KVDocumentStore::search_text; BM25
  //   SPARSE           query_str as words of which any is enough; BM25
  //   HYBRID           SPARSE and DEFAULT together: (1 - alpha) * text + alpha * vector, each between 0 for
  //   the
  //                    worst and 1 for the best that it found, 0 for what it did not find
  //   SEMANTIC_HYBRID  the same by ranks: the sum of 1 / (60 + rank), ranks from 0
  // The first such query makes the text index where there is none; see there for what cannot.
  // A query with a `sparse_embedding` looks in the last three for the greatest inner products with the sparse
  // vectors that entries of this store were added with, in place of texts.
  Result<VectorStoreQueryResult> query(const VectorStoreQuery& query) const override;
  // The namespace of the document store in the same key-value store whose texts queries search. Without a
  // call "docstore". REQUIRES: no query under way.
  void use_document_store(std::string_view ns);
  Status persist(const std::string& persist_path, const FileSystem& fs = local_file_system()) const override;

  // add() of what is given here, in one atomic batch. Errors: those of a write; kInvalidArgument for a sparse
  // vector that is none, kNotSupported where the key-value store has no text indexes, which search them.
  // Nothing is stored then.
  Status add_entries(std::span<const VectorStoreEntry> entries);

  // What a query may find, in whatever mode: the vectors that its node_ids and filters let pass, in insertion
  // order. For a search of the caller's own, so the query's embedding is not looked at. Errors: those of
  // filters. Cost: reads those vectors; all of them are in memory.
  Result<std::vector<std::pair<std::string, std::vector<double>>>> candidates(
      const VectorStoreQuery& query) const;

  // The results of several queries, in their order, on all processors (in a transaction on one); those that
  // have no filters, node ids or modes go together, at a fraction of the cost. Errors: the first one's.
  Result<std::vector<VectorStoreQueryResult>> query_all(std::span<const VectorStoreQuery> queries) const;

  // The reference's async twins: the calls above on the key-value store's executor.
  std::future<Result<std::vector<std::string>>> async_add(std::vector<std::shared_ptr<const BaseNode>> nodes);
  std::future<Result<std::vector<std::shared_ptr<const BaseNode>>>> aget_nodes(
      std::optional<std::vector<std::string>> node_ids = std::nullopt,
      std::optional<MetadataFilters> filters = std::nullopt);
  std::future<Status> adelete(std::string ref_doc_id);
  std::future<Status> adelete_nodes(std::optional<std::vector<std::string>> node_ids = std::nullopt,
                                    std::optional<MetadataFilters> filters = std::nullopt);
  std::future<Status> aclear();
  std::future<Result<VectorStoreQueryResult>> aquery(VectorStoreQuery query);

  // From now on, and whenever this store is opened, queries by cosine in mode DEFAULT are approximate: of
  // vectors that are near one another, which are kept together in the database, they look at as many that
  // are near the query as it takes to find this share of the nearest (that pass filters), about, as a sample
  // of the vectors tells. Similarities are exact; few that pass, or node ids, are all compared. What is added
  // is found at once, and brought to others with further adds; a vector of zeros is not found. Memory: half a
  // byte an element for each 150 vectors, and for some thousand that were added last. Making it takes about
  // 50 microseconds a vector of 768 numbers, in steps of some thousand; what has been done stays when it is
  // interrupted. Errors: kInvalidArgument for a recall that is not above 0 and below 1; kNotSupported in a
  // transaction, and where the key-value store keeps no codes. After an error, or when `progress` has
  // cancelled it, the store is searched as before.
  Status use_ann(double recall = 0.95, const ProgressCallback& progress = {});
  // Queries are exact again.
  Status drop_ann();
  // The recall, where queries are approximate in this way.
  Result<std::optional<double>> ann() const;

  // From now on, and whenever this store is opened, queries by cosine in mode DEFAULT are approximate: a
  // graph (HNSW) finds vectors that are most likely the nearest. Their similarities are computed from float32
  // numbers. A filter is asked on the way; where few vectors pass, those are compared exactly, as without a
  // graph. Where it fails for a vector that is not met, the query does not. Makes the graph: about a minute
  // for 100,000 vectors of 384 numbers. Each later add costs half a millisecond a vector more, and the graph
  // 4 bytes an element and 12 M bytes a vector of memory. It is kept in a file beside the database and
  // checked against the vectors when it is first used; what does not fit is made again. Errors:
  // kInvalidArgument for options out of bounds, or where the graph and the index would be larger than
  // search_memory_bytes (if they become so later, queries are exact); kNotSupported in a transaction, whose
  // own queries are exact.
  // After an error, or when `progress` has cancelled it, the store is searched as before.
  Status use_hnsw(const HnswOptions& options = {}, const ProgressCallback& progress = {});
  // Queries are exact again.
  Status drop_hnsw();
  Result<std::optional<HnswOptions>> hnsw() const;

  // {"embedding_dict": ..., "text_id_to_ref_doc_id": ..., "metadata_dict": ...}.
  Result<Json> to_dict() const;

  BaseKVStore& kvstore() const;
  const std::string& name_space() const;
  bool stores_text() const;

 protected:
  // Replaces the content by what to_dict() gives. Errors: kInvalidArgument naming what is malformed.
  Status load(JsonView save_dict);

 private:
  struct Parts;

  // One that does not own its key-value store, for the async twins.
  KVVectorStore unowned() const;

  std::unique_ptr<Parts> parts_;
};

// What a search index has in memory.
struct SearchIndexInfo {
  std::string name;           // what its collections' names begin with, such as "vector_store/default"
  uint64_t memory_bytes = 0;  // about; 0 where it would be larger than may be, and vectors are read instead
};

// The search indexes over a key-value store, each of which may take its search_memory_bytes(): those that
// there are now, with their graphs for approximate search, in the order of their names. The first query of a
// vector store or property graph makes one, for all objects of that store; a transaction has its own, and so
// has a reader after refresh(). Waits for one that is being made.
std::vector<SearchIndexInfo> search_indexes(const BaseKVStore& store);

// The reference's SimpleVectorStore: in memory, saved as one JSON file.
class SimpleVectorStore : public KVVectorStore {
 public:
  SimpleVectorStore();

  // persist_dir/<ns>__vector_store.json. Errors: kNotFound "No existing ... found at ..." when it is missing;
  // kIoError, kInvalidArgument naming the file.
  static Result<SimpleVectorStore> from_persist_dir(const std::string& persist_dir = "./storage",
                                                    std::string_view ns = DEFAULT_VECTOR_STORE,
                                                    const FileSystem& fs = local_file_system());
  static Result<SimpleVectorStore> from_persist_path(const std::string& persist_path,
                                                     const FileSystem& fs = local_file_system());
  // Every store of the directory by its namespace: the text before the first "__" of each file whose name
  // ends in "vector_store.json".
  static Result<std::vector<std::pair<std::string, std::shared_ptr<SimpleVectorStore>>>>
  from_namespaced_persist_dir(const std::string& persist_dir = "./storage",
                              const FileSystem& fs = local_file_system());
  static Result<SimpleVectorStore> from_dict(JsonView save_dict);
};

}  // namespace quipu

#endif  // QUIPU_VECTOR_STORE_H_
