#include "backends/postgres/vectors/row_writer.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "backends/postgres/connection/copy_in.h"
#include "backends/postgres/vectors/row_bytes.h"
#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

constexpr size_t kFew = 64;  // rows for which COPY is not worth its round trips
constexpr auto kOnce = Statement::Use::kOnce;

Status refused(const VectorRow& row, const TableNames& names, const std::string& what) {
  return Status::invalid_argument(names.table + ", node " + Json::from_string(row.node_id).text() + ": " +
                                  what);
}

// What jsonb does not have: \u0000, and half a surrogate pair.
bool is_beyond_jsonb(std::string_view json) {
  for (size_t at = 0; (at = json.find('\\', at)) != std::string_view::npos; at += 2) {
    const std::string_view escape = json.substr(at, 6);
    if (escape == "\\u0000") return true;
    if (!escape.starts_with("\\ud") || escape.size() < 6) continue;
    const char kind = escape[3];
    if (kind < '8') continue;  // no surrogate
    const std::string_view next = json.substr(at + 6, 4);
    const bool is_pair = kind < 'c' && next.starts_with("\\ud") && next.size() == 4 && next[3] >= 'c';
    if (!is_pair) return true;
    at += 6;
  }
  return false;
}

Status check(const VectorRow& row, const TableNames& names, const TableShape& shape) {
  if (!is_text(row.node_id)) return refused(row, names, "an id is UTF-8 without NUL");
  if (!is_text(row.text))
    return refused(row, names, "PostgreSQL's text has no NUL and no half surrogate pair");
  if (shape.is_jsonb && is_beyond_jsonb(row.metadata.text()))
    return refused(row, names,
                   "PostgreSQL's jsonb has no NUL and no half surrogate pair, and its metadata do");
  if (shape.dimensions != 0 && row.embedding.size() != shape.dimensions) {
    return refused(row, names,
                   "its embedding has " + std::to_string(row.embedding.size()) +
                       " numbers, those of the table have " + std::to_string(shape.dimensions));
  }
  const Status fits = check_vector(row.embedding, shape.is_half);
  return fits.is_ok() ? fits : refused(row, names, fits.message());
}

}  // namespace

RowWriter::RowWriter(const TableNames& names, const TableShape& shape)
    : names_(&names),
      shape_(shape),
      present_("SELECT count(*) FROM unnest($1::text[]) AS v(k) " +
               (shape.has_node_index  // one look-up a node, however the planner sees the table
                    ? "CROSS JOIN LATERAL (SELECT 1 FROM " + names.table +
                          " AS t WHERE t.node_id = v.k LIMIT 1) AS f"
                    : "JOIN " + names.table + " AS t ON t.node_id = v.k")),
      copy_("COPY " + names.table + " (node_id, text, metadata_, embedding) FROM STDIN (FORMAT binary)") {
  const std::string json = shape.is_jsonb ? "jsonb" : "json";
  const std::string load = quoted(names.plain + ":quipu_load");
  create_ = "CREATE TEMPORARY TABLE " + load + " (n serial, k varchar, x varchar, m " + json + ", e " +
            shape.type() + ") WITH (toast_tuple_target = 8160) ON COMMIT DROP";
  copy_to_load_ = "COPY pg_temp." + load + " (k, x, m, e) FROM STDIN (FORMAT binary)";
  from_loaded_ = upsert_from("SELECT n, k, x, m, e FROM pg_temp." + load);
  from_arrays_ =
      upsert_from("SELECT u.n, u.k, u.x, u.m::" + json +
                  " AS m, u.e FROM unnest($1::text[], $2::text[], $3::text[], $4::" + shape.type() +
                  "[]) WITH ORDINALITY AS u(k, x, m, e, n)");
}

// The first row of a node is its place; other rows of it, which others have added, go. An UPDATE that finds
// its row gone at last leaves it to the INSERT.
std::string RowWriter::upsert_from(const std::string& source) const {
  const std::string& table = names_->table;
  return "WITH v AS MATERIALIZED (" + source +
         "), f AS MATERIALIZED (SELECT t.node_id, min(t.id) AS id FROM " + table +
         " AS t JOIN v ON t.node_id = v.k GROUP BY t.node_id), "
         "gone AS (DELETE FROM " +
         table +
         " AS t USING f WHERE t.node_id = f.node_id AND t.id <> f.id), "
         "w AS (UPDATE " +
         table +
         " AS t SET text = v.x, metadata_ = v.m, embedding = v.e FROM v JOIN f ON "
         "f.node_id = v.k WHERE t.id = f.id AND t.node_id = f.node_id RETURNING t.node_id) "
         "INSERT INTO " +
         table +
         " (text, metadata_, node_id, embedding) SELECT v.x, v.m, v.k, v.e FROM v "
         "WHERE NOT EXISTS (SELECT 1 FROM w WHERE w.node_id = v.k) ORDER BY v.n";
}

Result<RowWriter> RowWriter::of(std::span<const VectorRow> rows, const TableNames& names,
                                const TableShape& shape) {
  RowWriter writer(names, shape);
  std::unordered_map<std::string_view, size_t> places;
  writer.rows_.reserve(rows.size());
  for (const VectorRow& row : rows) {
    QUIPU_RETURN_IF_ERROR(check(row, names, shape));
    const auto [place, is_new] = places.try_emplace(row.node_id, writer.rows_.size());
    if (is_new) {
      writer.rows_.push_back(row);
    } else {
      writer.rows_[place->second] = row;
    }
  }
  return writer;
}

Statement RowWriter::from_arrays() const {
  std::vector<std::string_view> ids;
  std::vector<std::string_view> texts;
  std::vector<std::string_view> metadata;
  std::vector<std::string> embeddings;
  for (const VectorRow& row : rows_) {
    ids.push_back(row.node_id);
    texts.push_back(row.text);
    metadata.push_back(row.metadata.text());
    (void)append_vector(row.embedding, shape_.is_half, embeddings.emplace_back());  // it has been checked
  }
  Statement statement(from_arrays_);
  statement.texts(ids).texts(texts).texts(metadata).bytes(Statement::binary(shape_.vector_type, embeddings));
  return statement;
}

std::optional<Failure> RowWriter::write(Connection& connection, std::vector<Statement>& statements) const {
  if (rows_.size() <= kFew) {
    statements.push_back(from_arrays());
    return std::nullopt;
  }
  std::vector<std::string_view> ids;
  for (const VectorRow& row : rows_) ids.push_back(row.node_id);
  statements.emplace_back(present_, kOnce).texts(ids);
  const Reply begun = connection.run(statements);
  if (begun.failure) return begun.failure;
  statements.clear();
  const bool are_new = begun.results.back().number(0, 0) == 0;
  if (are_new && !shape_.has_row_security) return copy(connection, copy_);

  const Statement create(create_, kOnce);
  const Reply made = connection.run({&create, 1});
  if (made.failure) return made.failure;
  statements.emplace_back(from_loaded_, kOnce);
  return copy(connection, copy_to_load_);
}

std::optional<Failure> RowWriter::copy(Connection& connection, const std::string& sql) const {
  CopyIn copy(connection);
  copy.begin(sql);
  std::string embedding;
  for (const VectorRow& row : rows_) {
    copy.row(4);
    copy.field(row.node_id);
    copy.field(row.text);
    copy.json(row.metadata.text(), shape_.is_jsonb);
    embedding.clear();
    (void)append_vector(row.embedding, shape_.is_half, embedding);  // it has been checked
    copy.field(embedding);
  }
  return copy.end();
}

}  // namespace quipu::postgres
