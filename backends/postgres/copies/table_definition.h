// TableDefinition: what makes a table, as the server tells it: columns, keys, indexes. Nothing in it is of a
// schema, so that the same can be made in another one, and nothing that runs there is the table's owner's.
// Owners, rights, triggers, policies and foreign keys are not part of it.
//
// Thread-safety: as a standard container.

#ifndef QUIPU_BACKENDS_POSTGRES_COPIES_TABLE_DEFINITION_H_
#define QUIPU_BACKENDS_POSTGRES_COPIES_TABLE_DEFINITION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backends/postgres/database/session.h"
#include "quipu/status.h"

namespace quipu::postgres {

struct TableDefinition {
  struct Column {
    std::string name;
    std::string type;     // with its collation, where that is not the type's
    std::string rest;     // NOT NULL, DEFAULT ..., GENERATED ...
    bool is_generated;    // its values follow from others
    bool is_serial;       // they are numbers of a sequence
    int64_t last_number;  // of that sequence; 0: none has been taken
  };
  struct Index {
    std::string name;
    bool is_unique;
    std::string rest;  // from the access method on
  };

  std::vector<Column> columns;
  std::vector<std::string> constraints;  // keys, as ALTER TABLE ... ADD has them
  std::vector<std::string> constraint_names;
  std::vector<Index> indexes;  // that are of no constraint
  bool needs_vector = false;   // types of pgvector
  // What is not made elsewhere, for it is of the schema (a type, a function), or would run there: a CHECK, an
  // expression other than PGVectorStore's. Empty: nothing.
  std::string obstacle;

  // Of a table that is there.
  static Result<TableDefinition> of(Session& session, const std::string& schema, const std::string& table);
  // Errors: kInvalidArgument naming the obstacle.
  Status check_can_move(const std::string& table) const;

  // Names, types and what is generated: the same text for tables that take the same rows.
  std::string text() const;
  // Those that rows are written to, quoted, with commas between them.
  std::string written_columns() const;

  // Statements that make the table, and then, once the rows are there, what belongs to it; of a session that
  // same_texts() was run in.
  std::string create(const std::string& schema, const std::string& table) const;
  std::vector<std::string> complete(const std::string& schema, const std::string& table) const;
};

// What has types without their schema, and values of any session in the same text, until the end of the
// transaction.
std::string_view same_texts();

// The rows of a table as text, in insertion order where it has ids. `definition` is its own.
std::string select_rows_as_text(const TableDefinition& definition, const std::string& schema,
                                const std::string& table);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_COPIES_TABLE_DEFINITION_H_
