// RowWriter: rows on their way into a table of vectors. Few go by one statement. Many go by COPY: into the
// table where none of their nodes is there, else into a temporary one, and from there by a statement that
// replaces what is there at its place.
//
// Thread-safety: one thread at a time. Lifetime: views rows and names; statements that it makes view it.

#ifndef QUIPU_BACKENDS_POSTGRES_VECTORS_ROW_WRITER_H_
#define QUIPU_BACKENDS_POSTGRES_VECTORS_ROW_WRITER_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backends/postgres/connection/connection.h"
#include "backends/postgres/vectors/table_shape.h"
#include "quipu/backend/shared_tables.h"

namespace quipu::postgres {

class RowWriter {
 public:
  // Errors: kInvalidArgument for what the table cannot hold, naming the node.
  static Result<RowWriter> of(std::span<const VectorRow> rows, const TableNames& names,
                              const TableShape& shape);

  // Of a node that comes twice the last row, at the first one's place.
  std::span<const VectorRow> rows() const { return rows_; }

  // Puts what writes them behind `statements`, which begin a transaction in which nobody else changes these
  // nodes. Where there are many rows it runs what is there first, and may leave nothing. A failure is to be
  // rolled back.
  std::optional<Failure> write(Connection& connection, std::vector<Statement>& statements) const;

 private:
  RowWriter(const TableNames& names, const TableShape& shape);

  Statement from_arrays() const;
  std::optional<Failure> copy(Connection& connection, const std::string& sql) const;
  std::string upsert_from(const std::string& source) const;

  const TableNames* names_;
  TableShape shape_;
  std::vector<VectorRow> rows_;
  std::string present_;  // counts the nodes that are there
  std::string copy_;
  std::string create_;  // the temporary table
  std::string copy_to_load_;
  std::string from_loaded_;
  std::string from_arrays_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_VECTORS_ROW_WRITER_H_
