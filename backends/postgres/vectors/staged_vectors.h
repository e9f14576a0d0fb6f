// StagedVectors: a table of vectors in a transaction: what is written is kept here, over the table as the
// transaction's snapshot has it, until the commit writes it. Its queries are exact.
//
// Thread-safety: one thread at a time. Errors: as VectorTable; kInvalidArgument once the transaction has
// ended.

#ifndef QUIPU_BACKENDS_POSTGRES_VECTORS_STAGED_VECTORS_H_
#define QUIPU_BACKENDS_POSTGRES_VECTORS_STAGED_VECTORS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backends/postgres/database/session.h"
#include "backends/postgres/vectors/vector_table.h"
#include "backends/postgres/write/staged_table.h"

namespace quipu::postgres {

class StagedVectors : public VectorTable, public StagedTable {
 public:
  // `session`: the transaction's snapshot.
  StagedVectors(std::shared_ptr<PostgresVectorTable> table, std::shared_ptr<PinnedSession> session)
      : table_(std::move(table)), session_(std::move(session)) {}

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

  void end() override;
  const std::string& name() const override { return table_->names().plain; }
  bool has_changes() const override { return is_cleared_ || !changes_.empty(); }
  Result<bool> is_used() const override;
  std::string lock_sql() const override;
  Status check(Session& present) const override;
  Status add_changes(Connection& connection, std::vector<Statement>& statements) override;

 private:
  struct Row {
    std::string text;
    Json metadata;
    std::vector<double> embedding;
  };
  struct Change {
    std::optional<Row> row;  // nothing: the node goes
    bool erased = false;     // at any time, so that it stands at the end if it has come back
    uint64_t place = 0;      // among what is written
  };
  // What the transaction depends on.
  struct Reads {
    bool all = false;
    std::set<std::string> node_ids;
    std::set<std::string> ref_doc_ids;
  };

  Status active() const;
  void note(const VectorRowSelection& which) const;
  void erase(const std::string& node_id);
  // Those with rows, in the order in which they were written.
  std::vector<const std::pair<const std::string, Change>*> written() const;
  // What stands for the table: it, but for the nodes that are changed, and what is written.
  std::string source(const TableShape& shape, QueryText& query) const;
  template <class Found, class Read>
  Result<Found> read(Found none, const VectorRowSelection& which, const Read& read) const;
  Result<std::string> fingerprint(Session& session) const;

  const std::shared_ptr<PostgresVectorTable> table_;
  std::shared_ptr<PinnedSession> session_;
  bool is_cleared_ = false;  // what the snapshot has counts no more
  std::map<std::string, Change> changes_;
  uint64_t next_place_ = 0;
  size_t bytes_ = 0;  // of what is written
  mutable Reads reads_;
  // Of the commit: what its statements view.
  std::optional<RowWriter> writer_;
  std::optional<QueryText> removal_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_VECTORS_STAGED_VECTORS_H_
