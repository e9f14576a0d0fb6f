#include "backends/postgres/vectors/vector_sql.h"

#include <array>
#include <charconv>
#include <utility>

#include "backends/postgres/vectors/filter_sql.h"
#include "backends/postgres/vectors/row_bytes.h"
#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

constexpr std::string_view kColumns = "t.node_id, t.text, t.metadata_, t.embedding";

// Those that a table can hold.
std::vector<std::string> texts_among(std::span<const std::string> ids) {
  std::vector<std::string> texts;
  for (const std::string& id : ids) {
    if (is_text(id)) texts.push_back(id);
  }
  return texts;
}

Status corrupt(const TableNames& names, std::string_view node_id, const std::string& what) {
  return Status::corruption(names.table + ", node " + Json::from_string(node_id).text() + ": " + what);
}

double number_of(std::string_view text) {
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Result<std::string> where(const VectorRowSelection& which, QueryText& query) {
  std::string sql;
  const auto add = [&](const std::string& condition) {
    sql += sql.empty() ? " WHERE " : " AND ";
    sql += condition;
  };
  if (which.node_ids) add("t.node_id = ANY (" + query.texts(texts_among(*which.node_ids)) + ")");
  if (which.ref_doc_ids) {
    add("(t.metadata_ ->> 'ref_doc_id') = ANY (" + query.texts(texts_among(*which.ref_doc_ids)) + ")");
  }
  if (which.filters != nullptr) {
    QUIPU_ASSIGN_OR_RETURN(const std::string filters, filter_sql(*which.filters, query));
    add("(" + filters + ")");
  }
  return sql;
}

Result<QueryText> select_rows(const Source& source, const VectorRowSelection& which) {
  QueryText query;
  query << "SELECT " << kColumns << " FROM " << source(query) << " AS t";
  QUIPU_ASSIGN_OR_RETURN(const std::string condition, where(which, query));
  query << condition << " ORDER BY t.id";
  return query;
}

Result<QueryText> select_ids(const Source& source, const VectorRowSelection& which) {
  QueryText query;
  query << "SELECT t.node_id FROM " << source(query) << " AS t";
  QUIPU_ASSIGN_OR_RETURN(const std::string condition, where(which, query));
  query << condition;
  return query;
}

Result<QueryText> select_nearest(const Source& source, const TableShape& shape,
                                 const VectorTable::Search& search, const VectorRowSelection& which) {
  if (shape.dimensions != 0 && search.embedding.size() != shape.dimensions) {
    return Status::invalid_argument("ValueError: the query's embedding has " +
                                    std::to_string(search.embedding.size()) +
                                    " numbers, those of the table have " + std::to_string(shape.dimensions));
  }
  std::string bytes;
  const Status fits = append_vector(search.embedding, shape.is_half, bytes);
  if (!fits.is_ok()) return Status::invalid_argument("query: " + fits.message());
  QueryText query;
  const std::string distance = "t.embedding " + shape.op(Distance::of(search.similarity).op) + " " +
                               query.bytes(std::move(bytes), shape.type());
  query << "SELECT f.node_id, f.text, f.metadata_, " << (search.with_embeddings ? "f.embedding" : "NULL")
        << ", f.distance FROM (SELECT t.id, " << kColumns << ", " << distance << " AS distance FROM "
        << source(query) << " AS t";
  QUIPU_ASSIGN_OR_RETURN(const std::string condition, where(which, query));
  query << condition << " ORDER BY " << distance << " LIMIT " << std::to_string(search.limit)
        << ") AS f ORDER BY f.distance, f.id";
  return query;
}

// The words of the text are those that the server would see in a document, and any of them will do.
Result<QueryText> select_with_words(const Source& source, const std::string& text_search_config,
                                    std::string_view text, size_t limit, const VectorRowSelection& which) {
  if (!is_text(text)) return Status::invalid_argument("query_str: PostgreSQL has no text with NUL");
  QueryText query;
  query << "WITH words AS MATERIALIZED (SELECT string_agg('''' || replace(replace(w.lexeme, '\\', '\\\\'), "
           "'''', "
           "'''''') || '''', ' | ')::tsquery AS query FROM unnest(to_tsvector("
        << query.text(text_search_config) << "::regconfig, " << query.text(std::string(text))
        << ")) AS w) SELECT t.node_id, t.text, t.metadata_, NULL, ts_rank(t.text_search_tsv, (SELECT query "
           "FROM "
           "words)) AS rank FROM "
        << source(query) << " AS t";
  QUIPU_ASSIGN_OR_RETURN(const std::string condition, where(which, query));
  query << condition << (condition.empty() ? " WHERE " : " AND ")
        << "t.text_search_tsv @@ (SELECT query FROM words) ORDER BY rank DESC, t.id LIMIT "
        << std::to_string(limit);
  return query;
}

Result<std::vector<StoredVectorRow>> rows_of(const ResultSet& result, const TableNames& names,
                                             const std::function<double(double)>& similarity_of) {
  std::vector<StoredVectorRow> rows;
  rows.reserve(result.rows());
  for (size_t i = 0; i < result.rows(); ++i) {
    StoredVectorRow& row = rows.emplace_back();
    row.node_id = result.text(i, 0);
    row.text = result.text(i, 1);
    if (!result.is_null(i, 2)) {
      Result<Json> metadata = Json::parse(result.text(i, 2));
      if (!metadata) return corrupt(names, row.node_id, metadata.error().message());
      row.metadata = *std::move(metadata);
    }
    if (!result.is_null(i, 3) && !parse_vector(result.text(i, 3), row.embedding))
      return corrupt(names, row.node_id, "its embedding is no vector");
    if (similarity_of && !result.is_null(i, 4)) row.similarity = similarity_of(number_of(result.text(i, 4)));
  }
  return rows;
}

const Distance& Distance::of(SimilarityMode similarity) {
  static constexpr std::array<Distance, 3> kDistances = {
      {{"<=>", "_cosine_ops", 1}, {"<#>", "_ip_ops", 0}, {"<->", "_l2_ops", 0}}};
  return kDistances[static_cast<size_t>(similarity)];
}

}  // namespace quipu::postgres
