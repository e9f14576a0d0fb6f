#include "backends/postgres/vectors/table_shape.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

constexpr size_t kLongestName = 44;  // so that none of the indexes' names is longer than 63 bytes
constexpr size_t kLongestIndexName = 63;

struct Column {
  std::string_view name;
  std::string_view type;
  size_t row;
};

// "0.8.2" and later.
bool scans_on(std::string_view version) {
  std::array<int, 2> numbers{};
  const char* at = version.data();
  const char* const end = at + version.size();
  for (int& number : numbers) {
    at = std::from_chars(at, end, number).ptr;
    if (at != end) ++at;
  }
  return numbers > std::array<int, 2>{0, 7};
}

std::string literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += c;
    quoted += c;
  }
  return quoted + "'";
}

// PGVectorStore's pg_type_map.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kIndexedTypes = {
    {{"text", "VARCHAR"},
     {"int", "INTEGER"},
     {"integer", "INTEGER"},
     {"numeric", "NUMERIC"},
     {"float", "FLOAT"},
     {"double precision", "DOUBLE PRECISION"},
     {"boolean", "BOOLEAN"},
     {"date", "DATE"},
     {"timestamp", "TIMESTAMP WITHOUT TIME ZONE"},
     {"uuid", "UUID"}}};

Result<std::string> metadata_index(const TableNames& names, const std::string& key, const std::string& type) {
  const std::string what = "metadata key " + Json::from_string(key).text();
  if (!is_text(key) || key.find('\\') != std::string::npos)
    return Status::invalid_argument(what + ": it cannot be indexed");
  const bool is_list = type == "text[]";
  const auto known = std::ranges::find(kIndexedTypes, type, [](const auto& each) { return each.first; });
  if (!is_list && known == kIndexedTypes.end()) {
    return Status::invalid_argument(what + ": invalid type " + type + " for an index");
  }
  std::string suffix = is_list ? "gin" : type;
  std::ranges::replace(suffix, ' ', '_');
  const std::string name = names.metadata + key + "_" + suffix;
  if (name.size() > kLongestIndexName)
    return Status::invalid_argument(what + ": the index's name is too long");
  const std::string expression =
      is_list ? "CAST((metadata_ -> " + literal(key) + ") AS JSONB)"
              : "CAST((metadata_ ->> " + literal(key) + ") AS " + std::string(known->second) + ")";
  return "CREATE INDEX IF NOT EXISTS " + quoted(name) + " ON " + names.table + " USING " +
         (is_list ? "gin" : "btree") + " ((" + expression + "))";
}

}  // namespace

TableNames::TableNames(const std::string& schema_name, const std::string& name)
    : schema(schema_name),
      plain("data_" + name),
      table(quoted(schema_name) + "." + quoted(plain)),
      words(quoted(name + "_idx")),
      ref_docs(quoted(name + "_idx_1")),
      embeddings(quoted(plain + "_embedding_idx")),
      node_ids(quoted(plain + ":quipu_node_id")),
      plain_node_ids(plain + ":quipu_node_id"),
      metadata(name + "_idx_") {}

Status TableNames::check(const std::string& name) {
  if (name.empty() || name.size() > kLongestName || !is_text(name)) {
    return Status::invalid_argument("vector table " + Json::from_string(name).text() +
                                    ": a name is UTF-8 without NUL, of 1 to 44 bytes");
  }
  return Status::ok();
}

std::vector<Statement> look_at(const TableNames& names) {
  std::vector<Statement> statements;
  statements.emplace_back(
      "SELECT n.nspname, x.extversion, coalesce((SELECT t.oid FROM pg_catalog.pg_type AS t WHERE "
      "t.typnamespace = x.extnamespace AND t.typname = 'vector'), 0)::bigint, coalesce((SELECT t.oid FROM "
      "pg_catalog.pg_type AS t WHERE t.typnamespace = x.extnamespace AND t.typname = 'halfvec'), 0)::bigint "
      "FROM pg_catalog.pg_extension AS x JOIN pg_catalog.pg_namespace AS n ON n.oid = x.extnamespace "
      "WHERE x.extname = 'vector'");
  statements
      .emplace_back(
          "SELECT a.attname, t.typname, a.atttypmod::bigint, pg_catalog.row_security_active(c.oid)::int "
          "FROM pg_catalog.pg_class AS c "
          "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
          "JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid "
          "JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid "
          "WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped")
      .text(names.schema)
      .text(names.plain);
  statements
      .emplace_back(
          "SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = "
          "c.relnamespace "
          "WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('i', 'I')")
      .text(names.schema)
      .text(names.plain_node_ids);
  return statements;
}

Result<TableShape> shape_of(const std::vector<ResultSet>& looked, const TableNames& names) {
  TableShape shape;
  const ResultSet& extension = looked[0];
  const ResultSet& columns = looked[1];
  shape.has_extension = extension.rows() > 0;
  shape.exists = columns.rows() > 0;
  shape.has_node_index = looked[2].rows() > 0;
  std::vector<Column> all;
  for (size_t row = 0; row < columns.rows(); ++row)
    all.push_back({columns.text(row, 0), columns.text(row, 1), row});
  const auto type_of = [&](std::string_view name) {
    const auto found = std::ranges::find(all, name, &Column::name);
    return found == all.end() ? std::string_view() : found->type;
  };
  if (shape.exists) {
    shape.is_half = type_of("embedding") == "halfvec";
    shape.is_jsonb = type_of("metadata_") == "jsonb";
    shape.has_words = !type_of("text_search_tsv").empty();
    const bool fits = (shape.is_half || type_of("embedding") == "vector") &&
                      (shape.is_jsonb || type_of("metadata_") == "json") && !type_of("id").empty() &&
                      !type_of("text").empty() && !type_of("node_id").empty();
    if (!fits) {
      return Status::invalid_argument(
          names.table + ": this is no table of PGVectorStore (id, text, metadata_, node_id, embedding)");
    }
    shape.has_row_security = columns.number(0, 3) != 0;
    const auto embedding = std::ranges::find(all, std::string_view("embedding"), &Column::name);
    shape.dimensions = static_cast<size_t>(std::max<int64_t>(0, columns.number(embedding->row, 2)));
  }
  if (shape.has_extension) {
    shape.extension_schema = quoted(extension.text(0, 0));
    shape.scans_on = scans_on(extension.text(0, 1));
    shape.vector_type = static_cast<uint32_t>(extension.number(0, shape.is_half ? 3 : 2));
  }
  return shape;
}

Result<std::vector<std::string>> make_table(const TableNames& names, const TableShape& shape,
                                            const VectorTableOptions& options, size_t dimensions) {
  std::vector<std::string> statements;
  std::string create = "CREATE TABLE IF NOT EXISTS " + names.table +
                       " (id BIGSERIAL NOT NULL, text VARCHAR NOT NULL, metadata_ " +
                       (options.use_jsonb ? "JSONB" : "JSON") + ", node_id VARCHAR, embedding " +
                       shape.extension_schema + (options.use_halfvec ? ".halfvec(" : ".vector(") +
                       std::to_string(dimensions) + ")";
  if (options.hybrid_search) {
    if (!is_text(options.text_search_config) || options.text_search_config.find('\\') != std::string::npos)
      return Status::invalid_argument("text_search_config: there is no such configuration");
    create += ", text_search_tsv TSVECTOR GENERATED ALWAYS AS (to_tsvector(" +
              literal(options.text_search_config) + ", text)) STORED";
  }
  statements.push_back(create + ", PRIMARY KEY (id))");
  if (options.hybrid_search) {
    statements.push_back("CREATE INDEX IF NOT EXISTS " + names.words + " ON " + names.table +
                         " USING gin (text_search_tsv)");
  }
  statements.push_back("CREATE INDEX IF NOT EXISTS " + names.ref_docs + " ON " + names.table +
                       " USING btree ((metadata_ ->> 'ref_doc_id'))");
  for (const auto& [key, type] : options.indexed_metadata_keys) {
    QUIPU_ASSIGN_OR_RETURN(statements.emplace_back(), metadata_index(names, key, type));
  }
  return statements;
}

}  // namespace quipu::postgres
