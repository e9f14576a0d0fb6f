// TableShape: what a table of vectors is like, as the server has it, and what makes one.
//
// Thread-safety: as a standard container.

#ifndef QUIPU_BACKENDS_POSTGRES_VECTORS_TABLE_SHAPE_H_
#define QUIPU_BACKENDS_POSTGRES_VECTORS_TABLE_SHAPE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "backends/postgres/connection/statement.h"
#include "quipu/postgres_vector_store.h"
#include "quipu/status.h"

namespace quipu::postgres {

struct TableShape {
  bool has_extension = false;
  std::string extension_schema;  // quoted, where the types and operators of pgvector are
  bool scans_on = false;         // pgvector 0.8 or later: a scan of an index goes on until there is enough
  uint32_t vector_type = 0;      // the number of the type of embeddings

  bool exists = false;  // all that follows is of the table
  bool is_half = false;
  bool is_jsonb = false;
  bool has_words = false;
  bool has_node_index = false;
  bool may_not_index = false;     // it is not there, and whoever is connected may not make it
  bool has_row_security = false;  // for who is connected; no COPY then
  size_t dimensions = 0;          // 0: not bounded

  // Whether rows are written to both in the same way.
  bool same_as(const TableShape& other) const {
    return exists == other.exists && is_half == other.is_half && is_jsonb == other.is_jsonb &&
           dimensions == other.dimensions && vector_type == other.vector_type &&
           has_row_security == other.has_row_security;
  }

  // The type of embeddings with its schema.
  std::string type() const { return extension_schema + (is_half ? ".halfvec" : ".vector"); }
  // One of <=>, <#>, <->.
  std::string op(std::string_view name) const {
    return "OPERATOR(" + extension_schema + "." + std::string(name) + ")";
  }
};

// Names of a table and its indexes.
struct TableNames {
  TableNames(const std::string& schema, const std::string& name);

  // kInvalidArgument for a name that PostgreSQL would cut off or cannot hold.
  static Status check(const std::string& name);

  std::string schema;      // as it is
  std::string plain;       // data_<name>, as it is
  std::string table;       // the rest quoted; this with its schema
  std::string words;       // <name>_idx
  std::string ref_docs;    // <name>_idx_1
  std::string embeddings;  // data_<name>_embedding_idx
  std::string node_ids;    // data_<name>:quipu_node_id
  std::string plain_node_ids;
  std::string metadata;  // <name>_idx_, of indexes over keys of metadata; not quoted
};

// Statements that look, and what they have found.
std::vector<Statement> look_at(const TableNames& names);
// Errors: kInvalidArgument for a table that is none of these.
Result<TableShape> shape_of(const std::vector<ResultSet>& looked, const TableNames& names);

// Statements that make the table; `dimensions` of its embeddings. Views nothing. Errors: kInvalidArgument.
Result<std::vector<std::string>> make_table(const TableNames& names, const TableShape& shape,
                                            const VectorTableOptions& options, size_t dimensions);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_VECTORS_TABLE_SHAPE_H_
