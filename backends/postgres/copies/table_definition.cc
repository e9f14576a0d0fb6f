#include "backends/postgres/copies/table_definition.h"

#include <algorithm>
#include <utility>

namespace quipu::postgres {
namespace {

constexpr auto kOnce = Statement::Use::kOnce;

constexpr std::string_view kSameTexts = R"sql(
SELECT pg_catalog.set_config('search_path', coalesce((
    SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension AS x
    JOIN pg_catalog.pg_namespace AS n ON n.oid = x.extnamespace
    WHERE x.extname = 'vector'), 'pg_catalog'), true),
  pg_catalog.set_config('datestyle', 'ISO, YMD', true),
  pg_catalog.set_config('intervalstyle', 'postgres', true),
  pg_catalog.set_config('timezone', 'UTC', true),
  pg_catalog.set_config('extra_float_digits', '1', true),
  pg_catalog.set_config('bytea_output', 'hex', true))sql";

// $1 schema, $2 table, $3 both as they are quoted. The last but one: a sequence gives its numbers. The last:
// nothing is computed that was not looked at, but for PGVectorStore's column for searches by words.
constexpr std::string_view kColumns = R"sql(
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) || coalesce((
    SELECT ' COLLATE ' || pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
    FROM pg_catalog.pg_collation AS co JOIN pg_catalog.pg_namespace AS cn ON cn.oid = co.collnamespace
    WHERE co.oid = a.attcollation AND a.attcollation <> t.typcollation), ''),
  a.attnotnull::int, a.attgenerated::text, a.attidentity::text, coalesce(e.expression, ''),
  CASE WHEN pg_catalog.has_sequence_privilege(s.name, 'SELECT, USAGE')
    THEN coalesce(pg_catalog.pg_sequence_last_value(s.name::regclass), 0) ELSE 0 END::bigint, t.typname,
  coalesce(e.expression ~ '^nextval\(''.*''::regclass\)$' AND t.typname IN ('int2', 'int4', 'int8'),
    false)::int,
  (e.expression IS NULL OR CASE WHEN a.attgenerated <> ''
    THEN a.attgenerated = 's' AND e.expression ~ '^to_tsvector\(''[^'']+''::regconfig, \(?text\)?(::text)?\)$'
    ELSE e.expression ~ ('^(NULL|true|false|now\(\)|CURRENT_TIMESTAMP|gen_random_uuid\(\)|\(?-?[0-9.]+\)?|' ||
      '''([^'']|'''')*'')(::[a-z ]+(\([0-9,]+\))?(\[\])?)?$') END)::int
FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression) AS e
CROSS JOIN LATERAL (SELECT coalesce(pg_catalog.pg_get_serial_sequence($3::text, a.attname::text), (
    SELECT y.refobjid::regclass::text FROM pg_catalog.pg_depend AS y
    JOIN pg_catalog.pg_class AS q ON q.oid = y.refobjid AND q.relkind = 'S'
    WHERE y.classid = 'pg_catalog.pg_attrdef'::regclass AND y.objid = d.oid AND
      y.refclassid = 'pg_catalog.pg_class'::regclass LIMIT 1)) AS name) AS s
WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)sql";

constexpr std::string_view kConstraints = R"sql(
SELECT pg_catalog.quote_ident(k.conname) || ' ' || pg_catalog.pg_get_constraintdef(k.oid), k.conname,
  (k.contype IN ('p', 'u'))::int
FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = $1::text::regclass AND k.contype IN ('p', 'u', 'x', 'c')
ORDER BY k.contype <> 'p', k.conname)sql";

constexpr std::string_view kIndexes = R"sql(
SELECT i.relname, x.indisunique::int, pg_catalog.pg_get_indexdef(i.oid),
  pg_catalog.concat('CREATE ', CASE WHEN x.indisunique THEN 'UNIQUE ' END, 'INDEX ',
    pg_catalog.quote_ident(i.relname), ' ON ', pg_catalog.quote_ident(n.nspname), '.',
    pg_catalog.quote_ident(c.relname), ' USING ')
FROM pg_catalog.pg_index AS x JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_class AS c ON c.oid = x.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE x.indrelid = $1::text::regclass AND x.indisvalid AND NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_constraint AS k
    WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY i.relname)sql";

// What the table needs that is neither the server's own nor pgvector's: types, functions, collations, ...
constexpr std::string_view kForeign = R"sql(
SELECT o.type || ' ' || o.identity
FROM (SELECT $1::text::regclass::oid AS id) AS c CROSS JOIN LATERAL (
  SELECT 'pg_catalog.pg_class'::regclass AS class, c.id AS part
  UNION ALL SELECT 'pg_catalog.pg_class'::regclass, x.indexrelid FROM pg_catalog.pg_index AS x
    WHERE x.indrelid = c.id
  UNION ALL SELECT 'pg_catalog.pg_attrdef'::regclass, d.oid FROM pg_catalog.pg_attrdef AS d
    WHERE d.adrelid = c.id
) AS p JOIN pg_catalog.pg_depend AS y ON y.classid = p.class AND y.objid = p.part
CROSS JOIN LATERAL pg_catalog.pg_identify_object(y.refclassid, y.refobjid, 0) AS o
WHERE y.refclassid IN ('pg_catalog.pg_type'::regclass, 'pg_catalog.pg_proc'::regclass,
    'pg_catalog.pg_operator'::regclass, 'pg_catalog.pg_collation'::regclass,
    'pg_catalog.pg_opclass'::regclass, 'pg_catalog.pg_opfamily'::regclass,
    'pg_catalog.pg_ts_config'::regclass) AND
  o.schema IS DISTINCT FROM 'pg_catalog' AND NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_depend AS m JOIN pg_catalog.pg_extension AS x ON x.oid = m.refobjid
    WHERE m.classid = y.refclassid AND m.objid = y.refobjid AND m.deptype = 'e' AND
      m.refclassid = 'pg_catalog.pg_extension'::regclass AND x.extname = 'vector')
ORDER BY 1 LIMIT 1)sql";

std::string full_name(const std::string& schema, const std::string& table) {
  return quoted(schema) + "." + quoted(table);
}

// Of an integer type whose numbers a sequence gives.
std::string serial_type(std::string_view type) {
  if (type == "int8") return "BIGSERIAL";
  return type == "int2" ? "SMALLSERIAL" : "SERIAL";
}

TableDefinition::Column column_of(const ResultSet& rows, size_t row) {
  const std::string_view generated = rows.text(row, 3);
  const std::string_view identity = rows.text(row, 4);
  const std::string expression(rows.text(row, 5));
  const bool is_numbered = rows.number(row, 8) != 0;
  TableDefinition::Column column{.name = std::string(rows.text(row, 0)),
                                 .type = std::string(rows.text(row, 1)),
                                 .rest = rows.number(row, 2) != 0 ? " NOT NULL" : "",
                                 .is_generated = !generated.empty(),
                                 .is_serial = is_numbered || !identity.empty(),
                                 .last_number = rows.number(row, 6)};
  if (!identity.empty()) {
    column.rest += identity == "a" ? " GENERATED ALWAYS AS IDENTITY" : " GENERATED BY DEFAULT AS IDENTITY";
  } else if (!generated.empty()) {
    column.rest += " GENERATED ALWAYS AS (" + expression + ") STORED";
  } else if (is_numbered) {
    column.type = serial_type(rows.text(row, 7));
  } else if (!expression.empty()) {
    column.rest += " DEFAULT " + expression;
  }
  return column;
}

void add_columns(const ResultSet& rows, TableDefinition& definition) {
  for (size_t row = 0; row < rows.rows(); ++row) {
    definition.columns.push_back(column_of(rows, row));
    const std::string_view type = rows.text(row, 7);
    definition.needs_vector |= type == "vector" || type == "halfvec" || type == "sparsevec";
    const bool is_known = rows.number(row, 8) != 0 || rows.number(row, 9) != 0;
    if (!is_known) {
      definition.obstacle =
          "what computes its column " + quoted(rows.text(row, 0)) + ": " + std::string(rows.text(row, 5));
    }
  }
}

void add_constraints(const ResultSet& rows, TableDefinition& definition) {
  for (size_t row = 0; row < rows.rows(); ++row) {
    const bool is_key = rows.number(row, 2) != 0;
    if (is_key) {
      definition.constraints.emplace_back(rows.text(row, 0));
      definition.constraint_names.emplace_back(rows.text(row, 1));
    } else {
      definition.obstacle = "its constraint " + quoted(rows.text(row, 1));
    }
  }
}

void add_indexes(const ResultSet& rows, TableDefinition& definition) {
  for (size_t row = 0; row < rows.rows(); ++row) {
    const std::string_view made = rows.text(row, 2);
    const std::string_view prefix = rows.text(row, 3);
    if (made.starts_with(prefix)) {
      definition.indexes.push_back({std::string(rows.text(row, 0)), rows.number(row, 1) != 0,
                                    std::string(made.substr(prefix.size()))});
    } else {
      definition.obstacle = "its index " + quoted(rows.text(row, 0));
    }
  }
}

}  // namespace

std::string_view same_texts() { return kSameTexts; }

Result<TableDefinition> TableDefinition::of(Session& session, const std::string& schema,
                                            const std::string& table) {
  const std::string name = full_name(schema, table);
  std::vector<Statement> look;
  look.emplace_back(kSameTexts, kOnce);
  look.emplace_back(kColumns, kOnce).text(schema).text(table).text(name);
  look.emplace_back(kConstraints, kOnce).text(name);
  look.emplace_back(kIndexes, kOnce).text(name);
  look.emplace_back(kForeign, kOnce).text(name);
  QUIPU_ASSIGN_OR_RETURN(const std::vector<ResultSet> found, session.run(look));
  TableDefinition definition;
  add_columns(found[1], definition);
  add_constraints(found[2], definition);
  add_indexes(found[3], definition);
  if (found[4].rows() > 0) definition.obstacle = "what it needs: " + std::string(found[4].text(0, 0));
  return definition;
}

Status TableDefinition::check_can_move(const std::string& table) const {
  if (obstacle.empty()) return Status::ok();
  return Status::invalid_argument("table " + quoted(table) + " cannot be made in another schema with " +
                                  obstacle + "; remove that, or move the table by pg_dump");
}

std::string TableDefinition::text() const {
  std::string text;
  for (const Column& column : columns) {
    ((text += quoted(column.name)) += ' ') += column.type;
    (text += column.rest) += '\n';
  }
  return text;
}

std::string TableDefinition::written_columns() const {
  std::string names;
  for (const Column& column : columns) {
    if (column.is_generated) continue;
    (names += names.empty() ? "" : ", ") += quoted(column.name);
  }
  return names;
}

std::string TableDefinition::create(const std::string& schema, const std::string& table) const {
  std::string sql = "CREATE TABLE " + full_name(schema, table) + " (";
  const char* separator = "";
  for (const Column& column : columns) {
    ((sql += std::exchange(separator, ", ")) += quoted(column.name)) += ' ';
    (sql += column.type) += column.rest;
  }
  return sql + ")";
}

std::vector<std::string> TableDefinition::complete(const std::string& schema,
                                                   const std::string& table) const {
  std::vector<std::string> statements;
  const std::string name = full_name(schema, table);
  for (const std::string& each : constraints) {
    statements.push_back("ALTER TABLE " + name + " ADD CONSTRAINT " + each);
  }
  for (const Index& index : indexes) {
    statements.push_back(std::string("CREATE ") + (index.is_unique ? "UNIQUE " : "") + "INDEX " +
                         quoted(index.name) + " ON " + name + " USING " + index.rest);
  }
  return statements;
}

std::string select_rows_as_text(const TableDefinition& definition, const std::string& schema,
                                const std::string& table) {
  const bool has_ids =
      std::ranges::find(definition.columns, "id", &TableDefinition::Column::name) != definition.columns.end();
  return "SELECT " + definition.written_columns() + " FROM " + full_name(schema, table) +
         (has_ids ? " ORDER BY id" : "");
}

}  // namespace quipu::postgres
