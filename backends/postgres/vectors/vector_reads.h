// VectorReads: the reads of a table of vectors, over any session and whatever stands for the table.
//
// Thread-safety: any. Errors: as VectorTable.

#ifndef QUIPU_BACKENDS_POSTGRES_VECTORS_VECTOR_READS_H_
#define QUIPU_BACKENDS_POSTGRES_VECTORS_VECTOR_READS_H_

#include <optional>
#include <string_view>
#include <vector>

#include "backends/postgres/database/session.h"
#include "backends/postgres/vectors/table_shape.h"
#include "backends/postgres/vectors/vector_sql.h"
#include "quipu/backend/shared_tables.h"
#include "quipu/vector_store.h"

namespace quipu::postgres {

class VectorReads {
 public:
  VectorReads(const TableNames& names, const VectorTableOptions& options)
      : names_(names), options_(options) {}

  Result<TableShape> shape(Session& session) const;
  Result<std::vector<StoredVectorRow>> rows(Session& session, const Source& source,
                                            const VectorRowSelection& which) const;
  Result<std::vector<std::string>> ids(Session& session, const Source& source,
                                       const VectorRowSelection& which) const;
  Result<uint64_t> count(Session& session, const Source& source) const;
  Result<std::vector<StoredVectorRow>> with_words(Session& session, const TableShape& shape,
                                                  const Source& source, std::string_view text, size_t limit,
                                                  const VectorRowSelection& which) const;

  // In a transaction of its own; through an index, where the server finds that better, and without one where
  // it has not found enough by it.
  Result<std::vector<StoredVectorRow>> nearest(Session& session, const TableShape& shape,
                                               const Source& source, const VectorTable::Search& search,
                                               const VectorRowSelection& which) const;
  // Within the session's transaction, and never through an index over vectors.
  Result<std::vector<StoredVectorRow>> nearest_exactly(Session& session, const TableShape& shape,
                                                       const Source& source,
                                                       const VectorTable::Search& search,
                                                       const VectorRowSelection& which) const;

  // The index over vectors: nothing where there is none. Its options are pgvector's where they are not given.
  Result<std::optional<HnswOptions>> hnsw(Session& session) const;

 private:
  Result<std::vector<StoredVectorRow>> nearest_rows(const ResultSet& result, SimilarityMode similarity) const;
  // Whether there is an index over vectors, of whatever kind.
  Result<bool> has_index(Session& session) const;

  const TableNames& names_;
  const VectorTableOptions& options_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_VECTORS_VECTOR_READS_H_
