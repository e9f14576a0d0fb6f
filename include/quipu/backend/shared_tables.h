// SharedTables: tables that a backend reads and writes itself, in the layout that other programs have for
// them. They are no collections, but a transaction is over both. SharedTables::of(store) is null for a store,
// or a transaction, that has none. TableReads: the same tables for who takes them elsewhere.
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

class TableReads;

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
    // Why its rows cannot be read, as in "no right to read"; empty: nothing is in the way.
    std::string obstacle = {};
    bool is_partitioned = false;  // its rows are in tables of their own; copy_table() does not take it

    // As in "data_other (key-value data)".
    std::string shown() const { return name + " (" + kind + (obstacle.empty() ? "" : ", " + obstacle) + ")"; }
  };
  virtual Result<std::vector<Named>> other_tables() const { return std::vector<Named>(); }

  // Whether these are of another store of this backend, so that copy_table() takes them. Default: false.
  virtual bool takes(const TableReads& /*from*/) const { return false; }
  // Makes a table as it stands in another store of this backend, with its rows, constraints and indexes, in
  // one transaction. `watch` is called with each row's text (TableReads::scan_rows()); what it returns ends
  // the call. Errors: kAlreadyExists for a table that is there, or a name that it needs. Default:
  // kNotSupported.
  using WatchRow = std::function<Status(std::string_view row)>;
  virtual Status copy_table(const TableReads& /*from*/, const std::string& /*name*/,
                            const WatchRow& /*watch*/) {
    return Status::not_supported("this store takes no tables of others");
  }
  // OK where copy_table() could make it, as far as can be told without making anything. Default:
  // kNotSupported.
  virtual Status check_copy(const TableReads& /*from*/, const std::string& /*name*/) {
    return Status::not_supported("this store takes no tables of others");
  }
  // OK also where it is not there.
  virtual Status drop_table(const std::string& /*name*/) {
    return Status::not_supported("this store takes no tables of others");
  }
};

// Rows one after the other: while (rows->next()) use(rows->row()); then check rows->status(). A row lives
// until the next call. Thread-safety: one thread at a time. Lifetime: must go before what it reads.
template <class Row>
class TableRows {
 public:
  virtual ~TableRows() = default;
  virtual bool next() = 0;  // false at the end, and on an error
  virtual const Row& row() const = 0;
  virtual Status status() const = 0;
};

// TableReads: what programs of others keep beside a store, as streams: SharedTables::other_tables() as they
// are in one moment, where the reader is a snapshot, or what else a backend counts as such. of(reader) is
// null for a reader of a store that has none. Lifetime: that of the reader. Defaults: kNotSupported.
class TableReads {
 public:
  virtual ~TableReads() = default;

  static const TableReads* of(const KVReader& reader) { return dynamic_cast<const TableReads*>(&reader); }

  virtual Result<std::vector<SharedTables::Named>> tables() const = 0;

  // ---- a table of vectors ----

  struct VectorCounts {
    bool is_readable = false;  // its columns are of the types that such a table has; else nothing is counted
    uint64_t rows = 0;
    uint64_t nodes = 0;  // ids of nodes, each counted once
    uint64_t without_id = 0;
    uint64_t without_embedding = 0;
    std::vector<std::string> more_columns = {};  // that have values of their own and are not in the layout
  };
  virtual Result<VectorCounts> count_vectors(const std::string& /*table*/) const { return none(); }
  // What a row has beside node_id.
  enum class VectorParts {
    kEmbedding,
    kRefDocId,  // where metadata's member "ref_doc_id" is a string, metadata of this alone; else as kNode
    kNode,      // metadata and text
  };
  struct VectorScan {
    VectorParts parts;
    bool newest = false;  // of each node the last row that it has, else all
    std::optional<std::string_view> node_id = std::nullopt;  // of this one alone
  };
  virtual Result<std::unique_ptr<TableRows<StoredVectorRow>>> scan_vectors(const std::string& /*table*/,
                                                                           const VectorScan& /*scan*/) const {
    return none();
  }

  // ---- tables of chats, one after the other ----

  struct ChatCounts {
    uint64_t chats = 0;
    uint64_t messages = 0;
    std::optional<std::string> repeated = std::nullopt;  // a key that two of the tables have
  };
  struct Chat {
    std::string key;
    uint64_t messages = 0;
  };
  struct ChatMessage {
    std::string key;
    uint64_t place = 0;  // in its chat, from 1 on
    Json message;
  };
  using TableList = std::span<const std::string>;
  virtual Result<ChatCounts> count_chats(TableList tables) const = 0;
  virtual Result<std::unique_ptr<TableRows<Chat>>> scan_chats(
      TableList tables, std::optional<std::string_view> key = std::nullopt) const = 0;
  // Errors of the rows: kInvalidArgument for a message that is no JSON object.
  virtual Result<std::unique_ptr<TableRows<ChatMessage>>> scan_messages(TableList tables) const = 0;
  // Of one chat those at the places from `first` to `last`, as far as there are.
  virtual Result<std::vector<Json>> messages(TableList tables, std::string_view key, uint64_t first,
                                             uint64_t last) const = 0;

  // ---- any table, as it is ----

  // Its columns, the same text for tables that take the same rows.
  virtual Result<std::string> columns(const std::string& /*table*/) const { return none(); }
  // A text for each row, the same for the same values, in insertion order where the table keeps one.
  virtual Result<std::unique_ptr<TableRows<std::string>>> scan_rows(const std::string& /*table*/) const {
    return none();
  }

 private:
  static Status none() { return Status::not_supported("this store has no such tables"); }
};

}  // namespace quipu

#endif  // QUIPU_BACKEND_SHARED_TABLES_H_
