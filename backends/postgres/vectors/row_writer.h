// RowWriter: rows on their way into a table of vectors: one statement where they are few, COPY into a
// temporary table and a statement over it where they are many. What is there is replaced at its place.
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

  // Where there are many rows: runs `statements`, which begin a transaction, so that none is left, and brings
  // the rows to the server. A failure is to be rolled back.
  std::optional<Failure> load(Connection& connection, std::vector<Statement>& statements) const;
  // What writes them.
  Statement upsert() const;

 private:
  RowWriter(const TableNames& names, const TableShape& shape);

  bool are_few() const;
  std::optional<Failure> copy(Connection& connection) const;
  std::string upsert_from(const std::string& source) const;

  const TableNames* names_;
  TableShape shape_;
  std::vector<VectorRow> rows_;
  std::string loaded_;  // the temporary table, quoted
  std::string create_;  // and what makes it
  std::string from_arrays_;
  std::string from_loaded_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_VECTORS_ROW_WRITER_H_
