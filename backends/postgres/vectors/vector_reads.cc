#include "backends/postgres/vectors/vector_reads.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace quipu::postgres {
namespace {

using Rows = std::vector<StoredVectorRow>;
constexpr auto kOnce = Statement::Use::kOnce;
constexpr size_t kMostCandidates = 1000;  // pgvector's
constexpr std::string_view kWithoutIndex = "SET LOCAL enable_indexscan = off";

constexpr std::string_view kIndexes =
    "SELECT m.amname, coalesce((SELECT o.option_value FROM pg_options_to_table(c.reloptions) AS o WHERE "
    "o.option_name = 'm'), '16')::bigint, coalesce((SELECT o.option_value FROM "
    "pg_options_to_table(c.reloptions) "
    "AS o WHERE o.option_name = 'ef_construction'), '64')::bigint FROM pg_catalog.pg_index AS i "
    "JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am AS m ON m.oid = c.relam "
    "WHERE i.indrelid = to_regclass($1) AND i.indisvalid AND m.amname IN ('hnsw', 'ivfflat')";

// What a query through an index goes by, until the end of its transaction.
constexpr std::string_view kCandidates = "SELECT set_config('hnsw.ef_search', $1, true)";
constexpr std::string_view kGoesOn = "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true)";

}  // namespace

Result<TableShape> VectorReads::shape(Session& session) const {
  const std::vector<Statement> look = look_at(names_);
  QUIPU_ASSIGN_OR_RETURN(const std::vector<ResultSet> looked, session.run(look));
  QUIPU_ASSIGN_OR_RETURN(TableShape shape, shape_of(looked, names_));
  if (shape.exists && options_.embed_dim != 0 && shape.dimensions != 0 &&
      options_.embed_dim != shape.dimensions) {
    return Status::invalid_argument(names_.table + ": embeddings there have " +
                                    std::to_string(shape.dimensions) + " numbers, not the " +
                                    std::to_string(options_.embed_dim) + " of embed_dim");
  }
  return shape;
}

Result<Rows> VectorReads::rows(Session& session, const Source& source,
                               const VectorRowSelection& which) const {
  QUIPU_ASSIGN_OR_RETURN(const QueryText query, select_rows(source, which));
  QUIPU_ASSIGN_OR_RETURN(const ResultSet result, session.run(query.statement()));
  return rows_of(result, names_);
}

Result<std::vector<std::string>> VectorReads::ids(Session& session, const Source& source,
                                                  const VectorRowSelection& which) const {
  QUIPU_ASSIGN_OR_RETURN(const QueryText query, select_ids(source, which));
  QUIPU_ASSIGN_OR_RETURN(const ResultSet result, session.run(query.statement()));
  std::vector<std::string> ids;
  for (size_t row = 0; row < result.rows(); ++row) ids.emplace_back(result.text(row, 0));
  return ids;
}

Result<uint64_t> VectorReads::count(Session& session, const Source& source) const {
  QueryText query;
  query << "SELECT count(*) FROM " << source(query) << " AS t";
  QUIPU_ASSIGN_OR_RETURN(const ResultSet result, session.run(query.statement()));
  return static_cast<uint64_t>(result.number(0, 0));
}

Result<Rows> VectorReads::with_words(Session& session, const TableShape& shape, const Source& source,
                                     std::string_view text, size_t limit,
                                     const VectorRowSelection& which) const {
  if (!shape.has_words) {
    return Status::invalid_argument(names_.table +
                                    ": it was made without hybrid_search, so nothing is found by words");
  }
  QUIPU_ASSIGN_OR_RETURN(const QueryText query,
                         select_with_words(source, options_.text_search_config, text, limit, which));
  QUIPU_ASSIGN_OR_RETURN(const ResultSet result, session.run(query.statement()));
  return rows_of(result, names_, [](double rank) { return rank; });
}

Result<Rows> VectorReads::nearest_rows(const ResultSet& result, SimilarityMode similarity) const {
  const double identity = Distance::of(similarity).identity;
  return rows_of(result, names_, [identity](double distance) { return identity - distance; });
}

Result<Rows> VectorReads::nearest(Session& session, const TableShape& shape, const Source& source,
                                  const VectorTable::Search& search, const VectorRowSelection& which) const {
  QUIPU_ASSIGN_OR_RETURN(const QueryText query, select_nearest(source, shape, search, which));
  const std::string candidates =
      std::to_string(std::clamp(std::max(options_.hnsw_ef_search, search.limit), size_t{1}, kMostCandidates));
  std::vector<Statement> statements;
  statements.emplace_back("BEGIN READ ONLY", kOnce);
  statements.emplace_back(kCandidates).text(candidates);
  if (shape.scans_on) statements.emplace_back(kGoesOn);
  statements.push_back(query.statement());
  statements.emplace_back("COMMIT", kOnce);
  QUIPU_ASSIGN_OR_RETURN(std::vector<ResultSet> results, session.run(statements));
  const bool is_enough = results[statements.size() - 2].rows() >= search.limit;
  if (!is_enough) {
    QUIPU_ASSIGN_OR_RETURN(const bool may_be_more, has_index(session));
    if (may_be_more) {
      statements.insert(statements.begin() + 1, Statement(kWithoutIndex, kOnce));
      QUIPU_ASSIGN_OR_RETURN(results, session.run(statements));
    }
  }
  return nearest_rows(results[statements.size() - 2], search.similarity);
}

Result<Rows> VectorReads::nearest_exactly(Session& session, const TableShape& shape, const Source& source,
                                          const VectorTable::Search& search,
                                          const VectorRowSelection& which) const {
  QUIPU_ASSIGN_OR_RETURN(const QueryText query, select_nearest(source, shape, search, which));
  std::vector<Statement> statements;
  statements.emplace_back(kWithoutIndex, kOnce);
  statements.push_back(query.statement());
  statements.emplace_back("SET LOCAL enable_indexscan TO DEFAULT", kOnce);
  QUIPU_ASSIGN_OR_RETURN(const std::vector<ResultSet> results, session.run(statements));
  return nearest_rows(results[1], search.similarity);
}

Result<bool> VectorReads::has_index(Session& session) const {
  Statement indexes(kIndexes);
  indexes.text(names_.table);
  QUIPU_ASSIGN_OR_RETURN(const ResultSet result, session.run(indexes));
  return result.rows() > 0;
}

Result<std::optional<HnswOptions>> VectorReads::hnsw(Session& session) const {
  Statement indexes(kIndexes);
  indexes.text(names_.table);
  QUIPU_ASSIGN_OR_RETURN(const ResultSet result, session.run(indexes));
  for (size_t row = 0; row < result.rows(); ++row) {
    if (result.text(row, 0) != "hnsw") continue;
    return std::optional(HnswOptions{.M = static_cast<size_t>(result.number(row, 1)),
                                     .ef_construction = static_cast<size_t>(result.number(row, 2)),
                                     .ef = options_.hnsw_ef_search});
  }
  return std::optional<HnswOptions>();
}

}  // namespace quipu::postgres
