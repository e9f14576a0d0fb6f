#include "backends/postgres/copies/table_streams.h"

#include <algorithm>
#include <array>
#include <utility>

#include "backends/postgres/connection/copy_text.h"
#include "backends/postgres/vectors/row_bytes.h"
#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

constexpr auto kOnce = Statement::Use::kOnce;

// Of PGVectorStore's table; the last is there for searches by words, and follows from the text.
constexpr std::array<std::string_view, 6> kVectorColumns = {"id",      "text",      "metadata_",
                                                            "node_id", "embedding", "text_search_tsv"};

constexpr std::string_view kColumnTypes =
    "SELECT a.attname, t.typname, a.attgenerated::text FROM pg_catalog.pg_attribute AS a JOIN "
    "pg_catalog.pg_class AS c "
    "ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN "
    "pg_catalog.pg_type AS t ON "
    "t.oid = a.atttypid WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped "
    "ORDER BY a.attnum";

// A stream of rows that `read` makes of what is in a RowStream.
template <class Row, class Read>
class Rows : public TableRows<Row> {
 public:
  Rows(std::shared_ptr<PinnedSession> session, Read read)
      : stream_(std::move(session), RowStream::Length::kAny), read_(std::move(read)) {}

  RowStream& stream() { return stream_; }
  bool next() override {
    if (!status_.is_ok()) return false;
    const bool there = stream_.next();
    status_ = there ? read_(stream_, row_) : stream_.status();
    return there && status_.is_ok();
  }
  const Row& row() const override { return row_; }
  Status status() const override { return status_; }

 private:
  RowStream stream_;
  const Read read_;
  Row row_;
  Status status_;
};

// `key`: the parameter of the statement, where it has one.
template <class Row, class Read>
Result<std::unique_ptr<TableRows<Row>>> open_rows(std::shared_ptr<PinnedSession> session,
                                                  std::string_view select,
                                                  std::optional<std::string_view> key, Read read) {
  auto rows = std::make_unique<Rows<Row, Read>>(std::move(session), std::move(read));
  const std::string sql = rows->stream().declaration() + std::string(select);
  Statement declare(sql, kOnce);
  if (key) declare.text(*key);
  QUIPU_RETURN_IF_ERROR(rows->stream().open(declare));
  return std::unique_ptr<TableRows<Row>>(std::move(rows));
}

Status corrupt(const std::string& table, std::string_view what, std::string_view key,
               const std::string& why) {
  return Status::corruption(table + ", " + std::string(what) + " " + Json::from_string(key).text() + ": " +
                            why);
}

std::string_view columns_of(TableReads::VectorParts parts) {
  switch (parts) {
    case TableReads::VectorParts::kEmbedding: return "t.node_id, NULL, NULL, t.embedding";
    case TableReads::VectorParts::kRefDocId:
      return "t.node_id, CASE WHEN d.is_text THEN '' ELSE t.text END, CASE WHEN d.is_text THEN "
             "pg_catalog.json_build_object('ref_doc_id', t.metadata_ -> 'ref_doc_id') ELSE t.metadata_::json "
             "END, NULL";
    case TableReads::VectorParts::kNode: break;
  }
  return "t.node_id, t.text, t.metadata_, NULL";
}

// `columns` of each table of chats, named c, in which `n` is its place among them, with what is joined to it.
std::string of_each(const std::vector<std::string>& tables, std::string_view columns,
                    std::string_view joined = "") {
  std::string sql;
  for (size_t i = 0; i < tables.size(); ++i) {
    sql += i == 0 ? "SELECT " : " UNION ALL SELECT ";
    ((sql += std::to_string(i) + " AS n, ") += columns) += " FROM " + tables[i] + " AS c";
    sql += joined;
  }
  return sql;
}

constexpr std::string_view kChatColumns =
    "c.id, c.key, coalesce(pg_catalog.cardinality(c.value), 0) AS messages";

Result<Json> message_of(const std::string& tables, std::string_view key, uint64_t place, bool is_null,
                        std::string_view text) {
  Result<Json> message = is_null ? Result<Json>(Status::invalid_argument("it is null")) : Json::parse(text);
  if (message && message->view().is_object()) return message;
  return Status::invalid_argument(tables + ", chat " + Json::from_string(key).text() + ": message " +
                                  std::to_string(place) + " is no JSON object" +
                                  (message ? "" : ": " + message.error().message()));
}

std::string all_names(const std::vector<std::string>& tables) {
  std::string names;
  for (const std::string& table : tables) (names += names.empty() ? "" : ", ") += table;
  return names;
}

}  // namespace

Result<TableReads::VectorCounts> count_rows_of_vectors(Session& session, const std::string& schema,
                                                       const std::string& table) {
  Statement types(kColumnTypes, kOnce);
  types.text(schema).text(table);
  QUIPU_ASSIGN_OR_RETURN(const ResultSet columns, session.run(types));
  TableReads::VectorCounts counts;
  std::string_view metadata;
  std::string_view embedding;
  bool has_ids = false;
  for (size_t row = 0; row < columns.rows(); ++row) {
    const std::string_view name = columns.text(row, 0);
    if (name == "metadata_") metadata = columns.text(row, 1);
    if (name == "embedding") embedding = columns.text(row, 1);
    const bool is_known = std::ranges::find(kVectorColumns, name) != kVectorColumns.end();
    if (!is_known && columns.text(row, 2).empty()) counts.more_columns.emplace_back(name);
    has_ids |= name == "id";
  }
  counts.is_readable = has_ids && (metadata == "json" || metadata == "jsonb") &&
                       (embedding == "vector" || embedding == "halfvec");
  if (!counts.is_readable) return counts;
  const std::string sql =
      "SELECT pg_catalog.count(*), pg_catalog.count(DISTINCT t.node_id), pg_catalog.count(*) - "
      "pg_catalog.count(t.node_id), pg_catalog.count(*) - pg_catalog.count(t.embedding) FROM " +
      quoted(schema) + "." + quoted(table) + " AS t";
  QUIPU_ASSIGN_OR_RETURN(const ResultSet numbers, session.run(Statement(sql, kOnce)));
  counts.rows = static_cast<uint64_t>(numbers.number(0, 0));
  counts.nodes = static_cast<uint64_t>(numbers.number(0, 1));
  counts.without_id = static_cast<uint64_t>(numbers.number(0, 2));
  counts.without_embedding = static_cast<uint64_t>(numbers.number(0, 3));
  return counts;
}

Result<std::unique_ptr<TableRows<StoredVectorRow>>> vector_rows(std::shared_ptr<PinnedSession> session,
                                                                const std::string& table,
                                                                const TableReads::VectorScan& scan) {
  std::string sql = "SELECT " + std::string(columns_of(scan.parts)) + " FROM " + table + " AS t";
  if (scan.parts == TableReads::VectorParts::kRefDocId) {
    sql +=
        " CROSS JOIN LATERAL (SELECT coalesce(pg_catalog.json_typeof((t.metadata_ -> 'ref_doc_id')::json) = "
        "'string', false) AS is_text) AS d";
  }
  const char* separator = " WHERE ";
  if (scan.node_id) (sql += std::exchange(separator, " AND ")) += "t.node_id = $1";
  if (scan.newest) {
    (sql += std::exchange(separator, " AND ")) +=
        "NOT EXISTS (SELECT 1 FROM " + table +
        " AS later WHERE later.node_id = t.node_id AND later.id > t.id)";
  }
  sql += " ORDER BY t.id";
  return open_rows<StoredVectorRow>(
      std::move(session), sql, scan.node_id, [table](const RowStream& rows, StoredVectorRow& row) -> Status {
        row.node_id = rows.text(0);
        row.text = rows.text(1);
        row.metadata = Json();
        if (!rows.is_null(2)) {
          Result<Json> metadata = Json::parse(rows.text(2));
          if (!metadata) return corrupt(table, "node", row.node_id, metadata.error().message());
          row.metadata = *std::move(metadata);
        }
        row.embedding.clear();
        if (!rows.is_null(3) && !parse_vector(rows.text(3), row.embedding))
          return corrupt(table, "node", row.node_id, "its embedding is no vector");
        return Status::ok();
      });
}

Result<TableReads::ChatCounts> count_rows_of_chats(Session& session, const std::vector<std::string>& tables) {
  const std::string all = " FROM (" + of_each(tables, kChatColumns) + ") AS t";
  const std::string count =
      "SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(t.messages), 0)::bigint" + all;
  const std::string repeated =
      "SELECT t.key" + all + " GROUP BY t.key HAVING pg_catalog.count(*) > 1 LIMIT 1";
  const std::string odd = "SELECT t.key FROM (" +
                          of_each(tables, "c.key, pg_catalog.array_ndims(c.value) AS depth") +
                          ") AS t WHERE t.key IS NULL OR t.depth > 1 LIMIT 1";
  std::vector<Statement> statements;
  statements.emplace_back(count, kOnce);
  statements.emplace_back(repeated, kOnce);
  statements.emplace_back(odd, kOnce);
  QUIPU_ASSIGN_OR_RETURN(const std::vector<ResultSet> found, session.run(statements));
  if (found[2].rows() > 0) {
    return Status::invalid_argument(
        all_names(tables) + (found[2].is_null(0, 0)
                                 ? ": a chat has no key"
                                 : ": the messages of chat " + Json::from_string(found[2].text(0, 0)).text() +
                                       " are in an array of arrays"));
  }
  TableReads::ChatCounts counts{static_cast<uint64_t>(found[0].number(0, 0)),
                                static_cast<uint64_t>(found[0].number(0, 1)), std::nullopt};
  if (found[1].rows() > 0) counts.repeated = std::string(found[1].text(0, 0));
  return counts;
}

Result<std::unique_ptr<TableRows<TableReads::Chat>>> chat_rows(std::shared_ptr<PinnedSession> session,
                                                               const std::vector<std::string>& tables,
                                                               std::optional<std::string_view> key) {
  const std::string sql = "SELECT t.key, t.messages FROM (" + of_each(tables, kChatColumns) + ") AS t" +
                          (key ? " WHERE t.key = $1" : "") + " ORDER BY t.n, t.id";
  return open_rows<TableReads::Chat>(std::move(session), sql, key,
                                     [](const RowStream& rows, TableReads::Chat& chat) {
                                       chat.key = rows.text(0);
                                       chat.messages = static_cast<uint64_t>(rows.number(1));
                                       return Status::ok();
                                     });
}

Result<std::unique_ptr<TableRows<TableReads::ChatMessage>>> message_rows(
    std::shared_ptr<PinnedSession> session, const std::vector<std::string>& tables) {
  // Chats are put in order before their messages are taken out, which keeps it, so that no message is sorted.
  const std::string sql =
      "SELECT t.key, m.place, m.message FROM (SELECT * FROM (" +
      of_each(tables, "c.id, c.key, c.value::text[] AS value") +
      ") AS u ORDER BY u.n, u.id) AS t CROSS JOIN LATERAL pg_catalog.unnest(t.value) WITH "
      "ORDINALITY AS m(message, place)";
  return open_rows<TableReads::ChatMessage>(
      std::move(session), sql, std::nullopt,
      [names = all_names(tables)](const RowStream& rows, TableReads::ChatMessage& message) -> Status {
        message.key = rows.text(0);
        message.place = static_cast<uint64_t>(rows.number(1));
        QUIPU_ASSIGN_OR_RETURN(message.message,
                               message_of(names, message.key, message.place, rows.is_null(2), rows.text(2)));
        return Status::ok();
      });
}

Result<std::vector<Json>> messages_between(Session& session, const std::vector<std::string>& tables,
                                           std::string_view key, uint64_t first, uint64_t last) {
  std::vector<Json> messages;
  if (!is_text(key)) return messages;
  const std::string sql =
      "SELECT m.message FROM (" +
      of_each(tables,
              "c.key, (c.value[$2::bigint::int + b.skipped:$3::bigint::int + b.skipped])::text[] AS value",
              " CROSS JOIN LATERAL (SELECT pg_catalog.array_lower(c.value, 1) - 1 AS skipped) AS b") +
      ") AS t CROSS JOIN LATERAL pg_catalog.unnest(t.value) WITH ORDINALITY AS m(message, place) WHERE t.key "
      "= $1 ORDER BY m.place";
  Statement select(sql, kOnce);
  select.text(key).number(static_cast<int64_t>(first)).number(static_cast<int64_t>(last));
  QUIPU_ASSIGN_OR_RETURN(const ResultSet found, session.run(select));
  for (size_t row = 0; row < found.rows(); ++row) {
    QUIPU_ASSIGN_OR_RETURN(messages.emplace_back(), message_of(all_names(tables), key, first + row,
                                                               found.is_null(row, 0), found.text(row, 0)));
  }
  return messages;
}

Result<std::unique_ptr<TableRows<std::string>>> text_rows(std::shared_ptr<PinnedSession> session,
                                                          const std::string& select) {
  return open_rows<std::string>(std::move(session), select, std::nullopt,
                                [](const RowStream& rows, std::string& line) {
                                  line.clear();
                                  for (int column = 0; column < rows.columns(); ++column) {
                                    if (column > 0) line += '\t';
                                    if (rows.is_null(column)) {
                                      line += "\\N";
                                    } else {
                                      append_copy_field(rows.text(column), line);
                                    }
                                  }
                                  return Status::ok();
                                });
}

}  // namespace quipu::postgres
