// SharedTables: tables that a backend reads and writes itself, in the layout that other programs have for
// them. They are no collections, but a transaction is over both. SharedTables::of(store) is null for a store,
// or a transaction, that has none.
//
// Thread-safety: any; in a transaction one thread at a time. Lifetime: a table may outlive the store's
// object, not its close(). Errors: kInvalidArgument for what a table cannot hold, naming the node, and for a
// filter that it cannot have; kIoError where the server is not there or refuses; nothing has been changed
// then.

#ifndef QUIPU_BACKEND_SHARED_TABLES_H_
#define QUIPU_BACKEND_SHARED_TABLES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/json.h"
#include "quipu/kv_store.h"
#include "quipu/status.h"

namespace quipu {

struct HnswOptions;
struct MetadataFilters;
struct VectorTableOptions;
enum class SimilarityMode;

// A row to be written; all are views that must live until the call returns.
struct VectorRow {
  std::string_view node_id;
  std::string_view text;
  JsonView metadata;
  std::span<const double> embedding;
};

struct StoredVectorRow {
  std::string node_id;
  std::string text;
  Json metadata;
  std::vector<double> embedding;  // empty where it was not asked for, or is null
  double similarity = 0;          // of a search
};

// Rows for which all that is given holds; with nothing given, all.
struct VectorRowSelection {
  std::optional<std::span<const std::string>> node_ids = std::nullopt;
  std::optional<std::span<const std::string>> ref_doc_ids = std::nullopt;
  const MetadataFilters* filters = nullptr;
};

// VectorTable: rows of a node's id, text, metadata and embedding, which the backend itself searches. What
// users have over it is PostgresVectorStore (postgres_vector_store.h).
class VectorTable {
 public:
  virtual ~VectorTable() = default;

  // Writes rows; those of a node that is there are replaced at their place by the one. Of a node that comes
  // twice the last counts.
  virtual Status put(std::span<const VectorRow> rows) = 0;
  virtual Status remove(const VectorRowSelection& which) = 0;
  // In insertion order, with embeddings.
  virtual Result<std::vector<StoredVectorRow>> rows(const VectorRowSelection& which) const = 0;
  virtual Result<uint64_t> count() const = 0;

  struct Search {
    std::span<const double> embedding;
    SimilarityMode similarity;
    size_t limit = 0;
    bool with_embeddings = false;
  };
  // The most similar rows, the best first: as many as `limit` says, if there are.
  virtual Result<std::vector<StoredVectorRow>> nearest(const Search& search,
                                                       const VectorRowSelection& which) const = 0;
  // The rows that have any word of `text`, the best first. Errors: kInvalidArgument for a table without
  // hybrid_search.
  virtual Result<std::vector<StoredVectorRow>> with_words(std::string_view text, size_t limit,
                                                          const VectorRowSelection& which) const = 0;

  // An index for approximate search, for one way to compare; it replaces the one that is there. Errors:
  // kNotSupported in a transaction.
  virtual Status use_hnsw(const HnswOptions& options, SimilarityMode similarity) = 0;
  virtual Status drop_hnsw() = 0;
  virtual Result<std::optional<HnswOptions>> hnsw() const = 0;
};

// ChatTable: rows of a chat's key and its messages, JSON objects. What users have over it is
// PostgresChatStore (chat_store.h).
class ChatTable {
 public:
  virtual ~ChatTable() = default;

  // Nothing for a chat that is not there.
  virtual Result<std::optional<std::vector<Json>>> messages(std::string_view key) const = 0;
  // In the order in which the chats began.
  virtual Result<std::vector<std::string>> keys() const = 0;
  // Adds messages at the end of a chat, which is made where it is not there.
  virtual Status append(std::string_view key, std::span<const Json> messages) = 0;
  // Makes of a chat's messages what `change` makes of them; nothing: the chat is not there, or is to go.
  // Nobody else changes the chat meanwhile. It is called for each try; what it returns ends the call.
  using Change = std::function<Status(std::optional<std::vector<Json>>& messages)>;
  virtual Status change(std::string_view key, const Change& change) = 0;
};

class SharedTables {
 public:
  virtual ~SharedTables() = default;

  static SharedTables* of(BaseKVStore& store) { return dynamic_cast<SharedTables*>(&store); }
  static const SharedTables* of(const BaseKVStore& store) {
    return dynamic_cast<const SharedTables*>(&store);
  }

  // Makes nothing: the table comes with its first row. Errors: kInvalidArgument for a name that it cannot
  // have.
  virtual Result<std::shared_ptr<VectorTable>> vector_table(const VectorTableOptions& options) = 0;
  virtual Result<std::shared_ptr<ChatTable>> chat_table(const std::string& table_name) = 0;

  // The tables in LlamaIndex's layouts that hold no collections, by name: those of vectors, of chats, and of
  // key-value data under names that the store does not read. Default, and in a transaction: none.
  struct Named {
    std::string name;
    std::string kind;  // "vectors", "chats", "key-value data"
  };
  virtual Result<std::vector<Named>> other_tables() const { return std::vector<Named>(); }
};

}  // namespace quipu

#endif  // QUIPU_BACKEND_SHARED_TABLES_H_
