// Tables: where collections are: a row an entry, whose namespace is the collection, in LlamaIndex's tables of
// a schema, graphs in tables of Quipu's own with the same columns. Quipu's begin with quipu_.
//
//   data_docstore         collections docstore/...            as PostgresDocumentStore has them
//   data_indexstore       collections index_store/...         as PostgresIndexStore
//   data_kvstore          all others                          as PostgresKVStore
//   quipu_graph_subjects  graph_store/data
//   quipu_graph_nodes, quipu_graph_relations, quipu_graph_triplets
//                         property_graph_store/nodes, /relations, /triplets
//   quipu_collections     what was declared of a collection, in the order of first writes
//   quipu_files           persist files that were declared
//   quipu_changes         how often each session has written to each collection (writer.h)
//
// Thread-safety: any.

#ifndef QUIPU_BACKENDS_POSTGRES_DATABASE_TABLES_H_
#define QUIPU_BACKENDS_POSTGRES_DATABASE_TABLES_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/postgres/connection/connection.h"
#include "backends/postgres/connection/statement.h"

namespace quipu::postgres {

inline constexpr size_t kDataTables = 7;
// Of TableState::has(): all of them, and none but Quipu's own.
inline constexpr size_t kAllTables = kDataTables;
inline constexpr size_t kNoTable = kDataTables + 1;

// The SQL over one data table; $1, $2, ... as each says.
struct TableSql {
  std::string name;         // with its schema, quoted
  std::string get;          // $1 key, $2 namespace: value
  std::string multi_get;    // $1 keys, $2 namespace: value of each, or null
  std::string orders;       // the same: id
  std::string versions;     // the same: xmin
  std::string digest;       // $1 namespace: a number of all rows' versions
  std::string count;        // $1 namespace
  std::string get_all;      // $1 namespace: key, value
  std::string values_like;  // $1 namespace, $2 text: key, value
  // $1 namespace, $2 ids, $3 and $4 of each the range of keys of relations that lead from it, $5 how many
  // keys of each range are enough: place of the id, key. See Adjacency.
  std::string adjacent;
  std::string namespaces;     // namespace, count, least id
  std::string erase;          // $1 namespaces, $2 keys
  std::string erase_one;      // $1 namespace, $2 session, $3 key: how many went; recorded as a change
  std::string drop;           // the same of a whole namespace, its entry in quipu_collections included
  std::string put;            // $1 namespaces, $2 keys, $3 values
  std::string present;        // $1 namespaces, $2 keys: the places, from 1 on, of those that are there
  std::string copy;           // COPY of key, namespace, value in binary form; empty: rows have more
  std::string update_loaded;  // $1 namespaces: of what write/bulk_load.h has brought, what is there already
  std::string insert_loaded;  // and what is not
  std::string create;
  std::vector<std::string> indexes;  // statements that make them
};

// The SQL over Quipu's own tables.
struct OwnSql {
  std::string record_change;       // $1 collections, $2 session
  std::string close_writer;        // $1 collection, $2 session: its writes, what the last has removed
  std::string version;             // $1 collections
  std::string tidy_changes;        // of sessions that have not written for a day
  std::string record_collections;  // $1 names
  std::string declare_collection;  // $1 name, $2 persist file, $3 indexed field
  std::string declared;            // $1 names: those that are declared
  std::string collections;         // name, persist file, indexed field
  std::string declare_file;        // $1 name
  std::string files;               // name
};

// What there is of them. A copy is a look at one moment.
struct TableState {
  bool schema = false;
  bool own = false;  // those of Quipu
  std::array<bool, kDataTables> data{};
  std::array<bool, kDataTables> jsonb{};
  std::array<bool, kDataTables> has_row_security{};  // for who is connected; no COPY then

  bool has(size_t table) const {
    if (table == kNoTable) return true;
    return table == kAllTables ? std::ranges::all_of(data, std::identity()) : data[table];
  }
};

class Tables {
 public:
  explicit Tables(const std::string& schema);

  static size_t table_of(std::string_view collection);
  // The persist file of a collection that LlamaIndex's stores make, which declare none; empty for others.
  static std::string_view file_of(std::string_view collection);
  // Those that are in tables of Quipu's own.
  static std::span<const std::string_view> graph_collections();
  const TableSql& sql(size_t table, bool jsonb) const { return sql_[table][jsonb ? 1 : 0]; }
  const TableSql& sql(size_t table, const TableState& state) const { return sql(table, state.jsonb[table]); }

  const std::string& schema() const { return schema_; }
  const OwnSql& own() const { return own_; }

  // Keys of advisory locks: a stripe's (backend/key_locks.h), all stripes', and that of making tables.
  int64_t stripe_lock(size_t stripe) const { return lock_base_ | static_cast<int64_t>(stripe); }
  int64_t whole_lock() const { return lock_base_ | kLocks; }
  int64_t making_lock() const { return lock_base_ | (kLocks + 1); }

  // Looks which there are.
  Statement look() const;
  static TableState state_of(const ResultSet& looked);
  // Looks for LlamaIndex's tables that hold no collections: name, what is in it.
  Statement look_for_others() const;
  // Makes what is missing of Quipu's, and of the data tables this one.
  std::vector<Statement> make(const TableState& state, size_t table) const;

 private:
  static constexpr int64_t kLocks = 1 << 10;

  const std::string schema_;
  const int64_t lock_base_;
  std::array<std::array<TableSql, 2>, kDataTables> sql_;
  OwnSql own_;
  std::string make_schema_;
  std::vector<std::string> make_own_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_DATABASE_TABLES_H_
