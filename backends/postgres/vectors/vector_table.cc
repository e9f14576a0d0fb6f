#include "backends/postgres/vectors/vector_table.h"

#include <algorithm>
#include <utility>

#include "backends/postgres/write/locks.h"

namespace quipu::postgres {
namespace {

using Rows = std::vector<StoredVectorRow>;
constexpr auto kOnce = Statement::Use::kOnce;
constexpr uint64_t kMostIndexMemory = uint64_t{1} << 20;  // in kB: 1 GiB, while an index is made

LockSet keys_of(std::span<const VectorRow> rows, std::string_view table) {
  LockSet keys;
  for (const VectorRow& row : rows) keys.add(table, row.node_id);
  return keys;
}

}  // namespace

Status make_extension(Server& server) {
  const Result<ResultSet> made = server.run(Statement("CREATE EXTENSION IF NOT EXISTS vector", kOnce));
  if (made) return Status::ok();
  const Statement look("SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'vector'", kOnce);
  QUIPU_ASSIGN_OR_RETURN(const ResultSet there, server.run(look));
  if (there.rows() > 0) return Status::ok();  // somebody else has made it
  return Status::invalid_argument(
      "tables of vectors need the extension pgvector, which cannot be made here: " + made.error().message());
}

PostgresVectorTable::PostgresVectorTable(std::shared_ptr<Server> server, std::shared_ptr<Writer> writer,
                                         const VectorTableOptions& options, bool read_only)
    : server_(std::move(server)),
      writer_(std::move(writer)),
      options_(options),
      names_(server_->address().schema, options.table_name),
      read_only_(read_only) {}

Result<std::shared_ptr<PostgresVectorTable>> PostgresVectorTable::of(std::shared_ptr<Server> server,
                                                                     std::shared_ptr<Writer> writer,
                                                                     const VectorTableOptions& options,
                                                                     bool read_only) {
  QUIPU_RETURN_IF_ERROR(TableNames::check(options.table_name));
  return std::shared_ptr<PostgresVectorTable>(
      new PostgresVectorTable(std::move(server), std::move(writer), options, read_only));
}

Status PostgresVectorTable::writable() const {
  if (!read_only_) return Status::ok();
  return Status::not_supported(server_->shown() + ": it is open for reading only");
}

// ---- the table itself ----

Result<TableShape> PostgresVectorTable::shape() const {
  {
    const MutexLock lock(mutex_);
    if (known_) return *known_;
  }
  QUIPU_ASSIGN_OR_RETURN(TableShape shape, reads_.shape(*server_));
  const MutexLock lock(mutex_);
  if (shape.exists && shape.has_extension) known_ = shape;
  return shape;
}

void PostgresVectorTable::forget_shape() const {
  const MutexLock lock(mutex_);
  known_.reset();
}

Status PostgresVectorTable::make_table(const TableShape& shape, size_t dimensions) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> create,
                         postgres::make_table(names_, shape, options_, dimensions));
  std::vector<Statement> statements;
  statements.emplace_back("BEGIN", kOnce);
  statements.emplace_back("SELECT pg_advisory_xact_lock($1::bigint)", kOnce)
      .number(server_->sql().making_lock());
  for (const std::string& each : create) statements.emplace_back(each, kOnce);
  statements.emplace_back("COMMIT", kOnce);
  const Status made = server_->run(statements).status();
  if (made.is_ok()) return made;
  QUIPU_ASSIGN_OR_RETURN(const TableShape present, reads_.shape(*server_));
  return present.exists ? Status::ok() : made;  // somebody else has made it
}

// Ours alone: nodes are looked up by it. A table of others may not let us: false, and it is slow then.
Result<bool> PostgresVectorTable::make_node_index() const {
  const std::string index =
      "CREATE INDEX IF NOT EXISTS " + names_.node_ids + " ON " + names_.table + " USING btree (node_id)";
  QUIPU_ASSIGN_OR_RETURN(const Lease lease, server_->pool().take());
  const Statement create(index, kOnce);
  const Reply reply = lease->run({&create, 1});
  if (!reply.failure) return true;
  if (reply.failure->is("23505")) return true;  // somebody else is making it
  if (reply.failure->is("42501")) return false;
  return reply.failure->status(server_->shown());
}

Result<TableShape> PostgresVectorTable::make(size_t dimensions) {
  QUIPU_RETURN_IF_ERROR(server_->make_tables(kNoTable).status());
  QUIPU_ASSIGN_OR_RETURN(TableShape now, shape());
  if (!now.has_extension) {
    QUIPU_RETURN_IF_ERROR(make_extension(*server_));
    QUIPU_ASSIGN_OR_RETURN(now, shape());
  }
  if (!now.exists) {
    if (options_.embed_dim != 0) dimensions = options_.embed_dim;
    QUIPU_RETURN_IF_ERROR(make_table(now, dimensions));
    QUIPU_ASSIGN_OR_RETURN(now, shape());
  }
  if (!now.has_node_index && !now.may_not_index) {
    QUIPU_ASSIGN_OR_RETURN(now.has_node_index, make_node_index());
    now.may_not_index = !now.has_node_index;
    const MutexLock lock(mutex_);
    known_ = now;
  }
  return now;
}

// ---- writes ----

Status PostgresVectorTable::put_into(const TableShape& shape, std::span<const VectorRow> rows) {
  QUIPU_ASSIGN_OR_RETURN(const RowWriter writer, RowWriter::of(rows, names_, shape));
  const LockSet keys = keys_of(writer.rows(), names_.plain);
  return writer_->write_rows(names_.plain,
                             [&](Connection& connection, std::vector<Statement>& work) -> Status {
                               work.emplace_back("BEGIN", kOnce);
                               for (Statement& each : lock_statements(server_->sql(), keys))
                                 work.push_back(std::move(each));
                               const auto failure = writer.write(connection, work);
                               return failure ? failure->status(server_->shown()) : Status::ok();
                             });
}

Status PostgresVectorTable::put(std::span<const VectorRow> rows) {
  QUIPU_RETURN_IF_ERROR(writable());
  if (rows.empty()) return Status::ok();
  for (bool again = false;; again = true) {
    QUIPU_ASSIGN_OR_RETURN(const TableShape now, make(rows.front().embedding.size()));
    const Status written = put_into(now, rows);
    if (written.is_ok() || again) return written;
    // The table may have been dropped, or made anew, since it was looked at.
    forget_shape();
    QUIPU_ASSIGN_OR_RETURN(const TableShape present, shape());
    if (present.exists && present.same_as(now)) return written;
  }
}

Status PostgresVectorTable::remove(const VectorRowSelection& which) {
  QUIPU_RETURN_IF_ERROR(writable());
  QUIPU_ASSIGN_OR_RETURN(const TableShape now, shape());
  if (!now.exists) return Status::ok();
  QueryText query;
  query << "DELETE FROM " << names_.table << " AS t";
  QUIPU_ASSIGN_OR_RETURN(const std::string condition, where(which, query));
  query << condition;
  const Status removed =
      writer_->write_rows(names_.plain, [&](Connection& /*connection*/, std::vector<Statement>& work) {
        work.emplace_back("BEGIN", kOnce);
        work.push_back(query.statement());
        return Status::ok();
      });
  if (!removed.is_ok()) forget_shape();
  return removed;
}

// ---- reads ----

template <class Rows, class Read>
Result<Rows> PostgresVectorTable::read(Rows none, const Read& read) const {
  QUIPU_ASSIGN_OR_RETURN(const TableShape now, shape());
  if (!now.exists) return none;
  const Source source = [this](QueryText& /*query*/) { return names_.table; };
  Result<Rows> found = read(now, source);
  if (!found) forget_shape();
  return found;
}

Result<Rows> PostgresVectorTable::rows(const VectorRowSelection& which) const {
  return read(Rows(), [&](const TableShape& /*now*/, const Source& source) {
    return reads_.rows(*server_, source, which);
  });
}

Result<uint64_t> PostgresVectorTable::count() const {
  return read(uint64_t{0}, [&](const TableShape& /*now*/, const Source& source) {
    return reads_.count(*server_, source);
  });
}

Result<Rows> PostgresVectorTable::nearest(const Search& search, const VectorRowSelection& which) const {
  return read(Rows(), [&](const TableShape& now, const Source& source) {
    return reads_.nearest(*server_, now, source, search, which);
  });
}

Result<Rows> PostgresVectorTable::with_words(std::string_view text, size_t limit,
                                             const VectorRowSelection& which) const {
  return read(Rows(), [&](const TableShape& now, const Source& source) {
    return reads_.with_words(*server_, now, source, text, limit, which);
  });
}

// ---- the index over vectors ----

Status PostgresVectorTable::use_hnsw(const HnswOptions& options, SimilarityMode similarity) {
  QUIPU_RETURN_IF_ERROR(writable());
  QUIPU_ASSIGN_OR_RETURN(const TableShape now, shape());
  if (!now.exists) {
    return Status::invalid_argument(names_.table + ": there is no such table yet; add nodes first");
  }
  const std::string drop = "DROP INDEX IF EXISTS " + quoted(names_.schema) + "." + names_.embeddings;
  const std::string create =
      "CREATE INDEX " + names_.embeddings + " ON " + names_.table + " USING hnsw (embedding " +
      now.extension_schema + "." + (now.is_half ? "halfvec" : "vector") +
      std::string(Distance::of(similarity).class_ending) + ") WITH (m = " + std::to_string(options.M) +
      ", ef_construction = " + std::to_string(options.ef_construction) + ")";
  QUIPU_ASSIGN_OR_RETURN(const uint64_t vectors, count());
  // About what the graph takes, so that it is made in memory; what the server has set may be more.
  const uint64_t bytes = vectors * ((now.dimensions * (now.is_half ? 2 : 4)) + (options.M * 24) + 256);
  const uint64_t memory = std::min(bytes / 1024 * 5 / 4, kMostIndexMemory);
  std::vector<Statement> statements;
  statements.emplace_back("BEGIN", kOnce);
  statements
      .emplace_back(
          "SELECT set_config('maintenance_work_mem', greatest($1::bigint, (SELECT setting::bigint FROM "
          "pg_catalog.pg_settings WHERE name = 'maintenance_work_mem'))::text, true)",
          kOnce)
      .number(static_cast<int64_t>(memory));
  statements.emplace_back(drop, kOnce);
  statements.emplace_back(create, kOnce);
  statements.emplace_back("COMMIT", kOnce);
  return server_->run(statements).status();
}

Status PostgresVectorTable::drop_hnsw() {
  QUIPU_RETURN_IF_ERROR(writable());
  const std::string drop = "DROP INDEX IF EXISTS " + quoted(names_.schema) + "." + names_.embeddings;
  return server_->run(Statement(drop, kOnce)).status();
}

Result<std::optional<HnswOptions>> PostgresVectorTable::hnsw() const {
  return read(std::optional<HnswOptions>(),
              [&](const TableShape& /*now*/, const Source& /*source*/) { return reads_.hnsw(*server_); });
}

}  // namespace quipu::postgres
