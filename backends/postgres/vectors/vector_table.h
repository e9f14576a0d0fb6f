// PostgresVectorTable: a VectorTable in a schema of a PostgreSQL server with pgvector.
//
// Thread-safety, errors: as VectorTable. Lifetime: keeps the server and the writer.

#ifndef QUIPU_BACKENDS_POSTGRES_VECTORS_VECTOR_TABLE_H_
#define QUIPU_BACKENDS_POSTGRES_VECTORS_VECTOR_TABLE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/postgres/database/session.h"
#include "backends/postgres/vectors/row_writer.h"
#include "backends/postgres/vectors/table_shape.h"
#include "backends/postgres/vectors/vector_reads.h"
#include "backends/postgres/write/writer.h"
#include "quipu/backend/shared_tables.h"
#include "quipu/backend/thread_annotations.h"

namespace quipu::postgres {

// Sees to it that the server's database has pgvector. Errors: kInvalidArgument where it cannot.
Status make_extension(Server& server);

class PostgresVectorTable : public VectorTable {
 public:
  // Errors: kInvalidArgument for a name that no table can have.
  static Result<std::shared_ptr<PostgresVectorTable>> of(std::shared_ptr<Server> server,
                                                         std::shared_ptr<Writer> writer,
                                                         const VectorTableOptions& options, bool read_only);

  Status put(std::span<const VectorRow> rows) override;
  Status remove(const VectorRowSelection& which) override;
  Result<std::vector<StoredVectorRow>> rows(const VectorRowSelection& which) const override;
  Result<uint64_t> count() const override;
  Result<std::vector<StoredVectorRow>> nearest(const Search& search,
                                               const VectorRowSelection& which) const override;
  Result<std::vector<StoredVectorRow>> with_words(std::string_view text, size_t limit,
                                                  const VectorRowSelection& which) const override;
  Status use_hnsw(const HnswOptions& options, SimilarityMode similarity) override;
  Status drop_hnsw() override;
  Result<std::optional<HnswOptions>> hnsw() const override;

  // For the table in a transaction (staged_vectors.h).
  const TableNames& names() const { return names_; }
  const VectorTableOptions& options() const { return options_; }
  const VectorReads& reads() const { return reads_; }
  // The table as it is now, or was when it was looked at.
  Result<TableShape> shape() const;
  void forget_shape() const;
  // Sees to it that there is a table, for such embeddings where it is new.
  Result<TableShape> make(size_t dimensions);
  Status writable() const;

 private:
  PostgresVectorTable(std::shared_ptr<Server> server, std::shared_ptr<Writer> writer,
                      const VectorTableOptions& options, bool read_only);

  // Of a table that is there; else what `none` has.
  template <class Rows, class Read>
  Result<Rows> read(Rows none, const Read& read) const;
  Status put_into(const TableShape& shape, std::span<const VectorRow> rows);
  Status make_table(const TableShape& shape, size_t dimensions);
  Result<bool> make_node_index() const;

  const std::shared_ptr<Server> server_;
  const std::shared_ptr<Writer> writer_;
  const VectorTableOptions options_;
  const TableNames names_;
  const VectorReads reads_{names_, options_};
  const bool read_only_;
  mutable Mutex mutex_;
  mutable std::optional<TableShape> known_ QUIPU_GUARDED_BY(mutex_);  // a table that exists
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_VECTORS_VECTOR_TABLE_H_
