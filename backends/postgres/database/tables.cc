#include "backends/postgres/database/tables.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace quipu::postgres {
namespace {

constexpr std::array<std::string_view, kDataTables> kNames = {
    "data_docstore",     "data_indexstore",       "data_kvstore",        "quipu_graph_subjects",
    "quipu_graph_nodes", "quipu_graph_relations", "quipu_graph_triplets"};
constexpr size_t kOthers = 2;         // the table of what has none of its own
constexpr size_t kFirstOfGraphs = 3;  // from here on each table has one collection
constexpr std::array<std::string_view, kDataTables - kFirstOfGraphs> kGraphs = {
    "graph_store/data", "property_graph_store/nodes", "property_graph_store/relations",
    "property_graph_store/triplets"};
constexpr size_t kTriplets = kDataTables - 1;
constexpr std::string_view kOwn = "quipu_changes";  // the last that is made

// `text` with its {0}, {1}, ... replaced.
std::string filled(std::string_view text, std::initializer_list<std::string_view> with) {
  std::string all;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_place = text[i] == '{' && i + 2 < text.size() && text[i + 2] == '}';
    if (!is_place) {
      all += text[i];
      continue;
    }
    all += with.begin()[text[i + 1] - '0'];
    i += 2;
  }
  return all;
}

// FNV-1a.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char byte : text) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

// One look-up a key by the unique index, however the planner sees the table, which may have grown since.
std::string lookup(const std::string& table, std::string_view column) {
  return filled(
      "SELECT t.v FROM unnest($1::text[]) WITH ORDINALITY AS u(k, n) LEFT JOIN LATERAL "
      "(SELECT d.{1} AS v FROM {0} AS d WHERE d.key = u.k AND d.namespace = $2 LIMIT 1) AS t ON true ORDER "
      "BY u.n",
      {table, column});
}

std::string own_table(const std::string& schema, std::string_view name) {
  return quoted(schema) + "." + quoted(name);
}

// A row of quipu_changes is written by its session alone. One that is closed takes no more: the division
// fails.
constexpr std::string_view kCountChange =
    "ON CONFLICT (collection, writer) DO UPDATE SET writes = c.writes + 1 / (CASE WHEN c.is_closed THEN 0 "
    "ELSE 1 END), "
    "removed = excluded.removed, written = now()";

// A removal, `gone` in `with`, that is recorded as a change together with the number of rows.
std::string removal(const std::string& schema, const std::string& with) {
  return filled(
      "{0} INSERT INTO {1} AS c (collection, writer, writes, removed) "
      "SELECT $1, $2::bigint, 1, (SELECT count(*) FROM gone) {2} RETURNING removed",
      {with, own_table(schema, "quipu_changes"), kCountChange});
}

OwnSql own_sql_of(const std::string& schema) {
  const std::string changes = own_table(schema, "quipu_changes");
  const std::string collections = own_table(schema, "quipu_collections");
  const std::string files = own_table(schema, "quipu_files");
  OwnSql sql;
  sql.record_change = filled(
      "INSERT INTO {0} AS c (collection, writer, writes) SELECT u.s, $2::bigint, 1 FROM unnest($1::text[]) "
      "AS u(s) {1}",
      {changes, kCountChange});
  sql.close_writer = filled(
      "INSERT INTO {0} AS c (collection, writer, writes, is_closed) VALUES ($1, $2::bigint, 0, true) "
      "ON CONFLICT (collection, writer) DO UPDATE SET is_closed = true RETURNING writes, removed",
      {changes});
  sql.version = filled("SELECT coalesce(sum(writes), 0)::bigint FROM {0} WHERE collection = ANY ($1::text[])",
                       {changes});
  sql.tidy_changes = filled(
      "WITH gone AS (DELETE FROM {0} WHERE written < now() - interval '1 day' AND writer <> 0 RETURNING "
      "collection, writes) "
      "INSERT INTO {0} AS c (collection, writer, writes) SELECT collection, 0, sum(writes) FROM gone "
      "GROUP BY collection ORDER BY collection "
      "ON CONFLICT (collection, writer) DO UPDATE SET writes = c.writes + excluded.writes",
      {changes});
  sql.record_collections = filled(
      "INSERT INTO {0} AS c (name) SELECT u.s FROM unnest($1::text[]) WITH ORDINALITY AS u(s, n) "
      "WHERE NOT EXISTS (SELECT 1 FROM {0} AS d WHERE d.name = u.s) ORDER BY u.n ON CONFLICT DO NOTHING",
      {collections});
  // An INSERT would use up a number even where it only updates, or does nothing.
  sql.declare_collection = filled(
      "WITH v AS (SELECT $1::text AS name, $2::text AS persist_file, $3::text AS indexed_field), "
      "completed AS (UPDATE {0} AS c SET persist_file = v.persist_file FROM v WHERE c.name = v.name AND "
      "c.persist_file = '' AND v.persist_file <> '') "
      "INSERT INTO {0} AS c (name, persist_file, indexed_field) SELECT v.* FROM v "
      "WHERE NOT EXISTS (SELECT 1 FROM {0} AS d WHERE d.name = v.name) ON CONFLICT (name) DO UPDATE SET "
      "persist_file = CASE WHEN c.persist_file = '' THEN excluded.persist_file ELSE c.persist_file END",
      {collections});
  sql.declared = filled("SELECT name FROM {0} WHERE name = ANY ($1::text[])", {collections});
  sql.collections = filled("SELECT name, persist_file, indexed_field FROM {0} ORDER BY id", {collections});
  sql.declare_file = filled(
      "INSERT INTO {0} (name) SELECT $1::text WHERE NOT EXISTS (SELECT 1 FROM {0} AS d WHERE d.name = "
      "$1::text) "
      "ON CONFLICT DO NOTHING",
      {files});
  sql.files = filled("SELECT name FROM {0} ORDER BY id", {files});
  return sql;
}

// A regular expression of a JSON array of three strings that have no NUL and no half of a character, which
// PostgreSQL's text cannot have.
std::string three_strings() {
  const std::string string =
      R"("(?:[^"\\\u0001-\u001f]|\\(?:["\\/bfnrt]|u(?:[1-9a-cef][0-9a-f]{3}|0[1-9a-f][0-9a-f]{2}|)"
      R"(00[1-9a-f][0-9a-f]|000[1-9a-f]|d[0-7][0-9a-f]{2}|d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})))*")";
  return "$r$^\\[" + string + ", " + string + ", " + string + "\\]$$r$";
}

// What a table has beside the columns of all: of triplets the parts of the key, for whoever reads them in
// SQL, and to find them by the target. A key that is no triplet has none.
struct Extra {
  std::string columns;  // ", a, b"
  std::string types;    // ", a VARCHAR, b VARCHAR"
  std::string ids;      // of a row with the key k, what `values` is over
  std::string values;   // ", x, y"
  std::string loaded = "pg_temp.quipu_load";
  std::string target = "CASE WHEN d.namespace = $1 THEN d.value ->> 'target' END";  // of a row d
};

Extra extra_of(size_t table) {
  Extra extra;
  if (table != kTriplets) return extra;
  const auto ids = [](const std::string& key) {
    return ", CASE WHEN " + key + " ~ " + three_strings() + " THEN " + key + "::json END AS ids";
  };
  extra.columns = ", source, label, target";
  extra.types = ", source VARCHAR, label VARCHAR, target VARCHAR";
  extra.ids = ids("k");
  extra.values = ", v.ids ->> 0, v.ids ->> 1, v.ids ->> 2";
  extra.loaded =
      "(SELECT *" + ids("key") + " FROM pg_temp.quipu_load WHERE namespace = ANY ($1::text[]) OFFSET 0)";
  extra.target = "d.target";
  return extra;
}

// What makes the table and its indexes.
void add_makers(size_t number, std::string_view type, const Extra& extra, TableSql& sql) {
  const std::string name(kNames[number]);
  const auto index = [&](std::string_view ending, std::string_view columns) {
    sql.indexes.push_back(filled("CREATE INDEX IF NOT EXISTS {0} ON {1} ({2})",
                                 {quoted(name + std::string(ending)), sql.name, columns}));
  };
  if (number >= kFirstOfGraphs) {
    sql.create = filled(
        "CREATE TABLE IF NOT EXISTS {0} (id BIGSERIAL NOT NULL, namespace VARCHAR NOT NULL, "
        "key VARCHAR COLLATE \"C\" NOT NULL, value {1}{2}, PRIMARY KEY (namespace, key))",
        {sql.name, type, extra.types});
    index(":insertion", "namespace, id");
    if (number == kTriplets) index(":target", "namespace, target");
    return;
  }
  sql.create = filled(
      "CREATE TABLE IF NOT EXISTS {0} (id SERIAL NOT NULL, key VARCHAR NOT NULL, namespace VARCHAR NOT NULL, "
      "value {1}, PRIMARY KEY (id), CONSTRAINT {2} UNIQUE (key, namespace))",
      {sql.name, type, quoted(name + ":unique_key_namespace")});
  index(":idx_key_namespace", "key, namespace");
  // Ours: collections in their two orders. By key documents and index structs are seldom gone through, and an
  // index takes a fifth of what writing them does.
  index(":quipu_insertion", "namespace, id");
  if (number == kOthers) index(":quipu_key", "namespace, key COLLATE \"C\"");
}

void add_reads(const std::string& table, const Extra& extra, TableSql& sql) {
  sql.get = filled("SELECT value FROM {0} WHERE key = $1 AND namespace = $2", {table});
  sql.multi_get = lookup(table, "value");
  sql.orders = lookup(table, "id");
  sql.versions = lookup(table, "xmin");
  sql.digest = filled(
      "SELECT count(*) || ' ' || coalesce(sum(hashint8extended(id, xmin::text::bigint)::numeric), 0) "
      "FROM {0} WHERE namespace = $1",
      {table});
  sql.count = filled("SELECT count(*) FROM {0} WHERE namespace = $1", {table});
  sql.get_all = filled("SELECT key, value FROM {0} WHERE namespace = $1 ORDER BY id", {table});
  sql.values_like = filled(
      "SELECT key, value FROM {0} WHERE namespace = $1 AND strpos(value::text, $2) > 0 ORDER BY key COLLATE "
      "\"C\"",
      {table});
  sql.namespaces = filled("SELECT namespace, count(*), min(id) FROM {0} GROUP BY namespace", {table});
  sql.adjacent = filled(
      "SELECT u.n, t.key FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS u(k, low, high, "
      "n) "
      "CROSS JOIN LATERAL ((SELECT 0 AS way, d.key FROM {0} AS d WHERE d.namespace = $1 AND {1} "
      "ORDER BY d.key COLLATE \"C\" LIMIT $5::bigint) UNION ALL "
      "(SELECT 1, d.key FROM {0} AS d WHERE d.namespace = $1 AND {2} = u.k AND NOT ({1}) "
      "ORDER BY d.key COLLATE \"C\" LIMIT $5::bigint)) AS t ORDER BY u.n, t.way, t.key COLLATE \"C\"",
      {table, "d.key COLLATE \"C\" >= u.low AND d.key COLLATE \"C\" < u.high", extra.target});
}

void add_writes(const std::string& schema, const std::string& table, std::string_view type,
                const Extra& extra, TableSql& sql) {
  sql.erase = filled(
      "DELETE FROM {0} AS t USING unnest($1::text[], $2::text[]) AS u(s, k) WHERE t.key = u.k AND "
      "t.namespace = u.s",
      {table});
  sql.erase_one = removal(
      schema,
      filled("WITH gone AS (DELETE FROM {0} WHERE key = $3 AND namespace = $1 RETURNING 1)", {table}));
  sql.drop = removal(schema, filled("WITH rows AS (DELETE FROM {0} WHERE namespace = $1 RETURNING 1), "
                                    "listed AS (DELETE FROM {1} WHERE name = $1 RETURNING 1), "
                                    "gone AS (SELECT * FROM rows UNION ALL SELECT * FROM listed)",
                                    {table, own_table(schema, "quipu_collections")}));
  // What is there is updated first: an INSERT would use up a number of the sequence even where it only
  // updates. Where others insert the same meanwhile it is a unique violation, and all is tried again.
  sql.put = filled(
      "WITH v AS MATERIALIZED (SELECT *{2} FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY "
      "AS "
      "u(s, k, x, n)), "
      "w AS (UPDATE {0} AS t SET value = v.x::{1} FROM v WHERE t.key = v.k AND t.namespace = v.s "
      "RETURNING t.namespace, t.key) "
      "INSERT INTO {0} AS t (key, namespace, value{3}) SELECT v.k, v.s, v.x::{1}{4} FROM v "
      "WHERE NOT EXISTS (SELECT 1 FROM w WHERE w.key = v.k AND w.namespace = v.s) ORDER BY v.n",
      {table, type, extra.ids, extra.columns, extra.values});
  sql.present = filled(
      "SELECT u.n FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u(s, k, n) CROSS JOIN LATERAL "
      "(SELECT 1 FROM {0} AS d WHERE d.key = u.k AND d.namespace = u.s LIMIT 1) AS t",
      {table});
  if (extra.columns.empty()) {
    sql.copy = filled("COPY {0} (key, namespace, value) FROM STDIN (FORMAT binary)", {table});
  }
}

// Of what a bulk load has brought.
void add_loads(const std::string& table, std::string_view type, const Extra& extra, TableSql& sql) {
  sql.update_loaded = filled(
      "UPDATE {0} AS t SET value = l.value::{1} FROM (SELECT DISTINCT ON (namespace, key) namespace, key, "
      "value "
      "FROM pg_temp.quipu_load WHERE namespace = ANY ($1::text[]) ORDER BY namespace, key, n DESC) AS l "
      "WHERE t.key = l.key AND t.namespace = l.namespace",
      {table, type});
  sql.insert_loaded = filled(
      "INSERT INTO {0} AS t (key, namespace, value{2}) SELECT v.key, v.namespace, v.value::{1}{3} "
      "FROM {4} AS v JOIN (SELECT min(n) AS first, max(n) AS last FROM pg_temp.quipu_load "
      "WHERE namespace = ANY ($1::text[]) GROUP BY namespace, key) AS f ON v.n = f.last "
      "WHERE NOT EXISTS (SELECT 1 FROM {0} AS d WHERE d.key = v.key AND d.namespace = v.namespace) ORDER BY "
      "f.first "
      "ON CONFLICT (key, namespace) DO UPDATE SET value = excluded.value",
      {table, type, extra.columns, extra.values, extra.loaded});
}

TableSql sql_of(const std::string& schema, size_t number, std::string_view type) {
  TableSql sql;
  const Extra extra = extra_of(number);
  sql.name = quoted(schema) + "." + quoted(kNames[number]);
  add_reads(sql.name, extra, sql);
  add_writes(schema, sql.name, type, extra, sql);
  add_loads(sql.name, type, extra, sql);
  add_makers(number, type, extra, sql);
  return sql;
}

}  // namespace

Tables::Tables(const std::string& schema)
    : schema_(schema),
      lock_base_(static_cast<int64_t>(hash_of("quipu " + schema) >> 1 & ~uint64_t{2 * kLocks - 1})) {
  for (size_t table = 0; table < kDataTables; ++table) {
    sql_[table] = {sql_of(schema, table, "json"), sql_of(schema, table, "jsonb")};
  }
  own_ = own_sql_of(schema);
  make_schema_ = "CREATE SCHEMA IF NOT EXISTS " + quoted(schema);
  make_own_ = {
      filled("CREATE TABLE IF NOT EXISTS {0} (id SERIAL NOT NULL, name VARCHAR NOT NULL, "
             "persist_file VARCHAR NOT NULL DEFAULT '', indexed_field VARCHAR NOT NULL DEFAULT '', PRIMARY "
             "KEY (name))",
             {own_table(schema, "quipu_collections")}),
      filled("CREATE TABLE IF NOT EXISTS {0} (id SERIAL NOT NULL, name VARCHAR NOT NULL, PRIMARY KEY (name))",
             {own_table(schema, "quipu_files")}),
      filled("CREATE TABLE IF NOT EXISTS {0} (collection VARCHAR NOT NULL, writer BIGINT NOT NULL, "
             "writes BIGINT NOT NULL, removed BIGINT NOT NULL DEFAULT 0, is_closed BOOLEAN NOT NULL DEFAULT "
             "false, "
             "written TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), PRIMARY KEY (collection, writer))",
             {own_table(schema, kOwn)})};
}

size_t Tables::table_of(std::string_view collection) {
  if (collection.starts_with("docstore/")) return 0;
  if (collection.starts_with("index_store/")) return 1;
  const auto graph = std::ranges::find(kGraphs, collection);
  return graph == kGraphs.end() ? kOthers : kFirstOfGraphs + static_cast<size_t>(graph - kGraphs.begin());
}

std::span<const std::string_view> Tables::graph_collections() { return kGraphs; }

std::string_view Tables::file_of(std::string_view collection) {
  static constexpr std::string_view kOfDocuments[] = {"docstore/data", "docstore/metadata",
                                                      "docstore/ref_doc_info"};
  if (std::ranges::find(kOfDocuments, collection) != std::end(kOfDocuments)) return "docstore.json";
  return collection == "index_store/data" ? "index_store.json" : "";
}

Statement Tables::look() const {
  static const std::vector<std::string_view> kAll = [] {
    std::vector<std::string_view> all(kNames.begin(), kNames.end());
    all.push_back(kOwn);
    return all;
  }();
  Statement look(
      "SELECT c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND "
      "a.attname = 'value' AND a.atttypid = 'pg_catalog.jsonb'::regtype AND NOT a.attisdropped)::int, "
      "pg_catalog.row_security_active(c.oid)::int "
      "FROM pg_catalog.pg_namespace AS n LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND "
      "c.relname = ANY ($2::text[]) WHERE n.nspname = $1");
  look.text(schema_).texts(kAll);
  return look;
}

Statement Tables::look_for_others() const {
  static const std::vector<std::string_view> kOurs = [] {
    std::vector<std::string_view> ours(kNames.begin(), kNames.end());
    ours.insert(ours.end(), {"quipu_collections", "quipu_files", kOwn});
    return ours;
  }();
  Statement look(
      "SELECT * FROM (SELECT c.relname, CASE WHEN a.names @> '{text,metadata_,node_id,embedding}' THEN "
      "'vectors' WHEN a.names @> '{key,namespace,value}' THEN 'key-value data' "
      "WHEN a.columns && '{id smallint,id integer,id bigint}' AND a.columns && '{key text,key character "
      "varying}' AND a.columns && '{value json[],value jsonb[]}' THEN 'chats' "
      "WHEN a.names @> '{key,value}' AND a.types && '{json[],jsonb[]}' THEN 'chats of other columns' END AS "
      "kind, CASE WHEN NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') THEN 'no right to read' "
      "WHEN pg_catalog.row_security_active(c.oid) THEN 'row security' ELSE '' END, "
      "(c.relkind = 'p' OR c.relhassubclass)::int "
      "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "CROSS JOIN LATERAL (SELECT pg_catalog.array_agg(a.attname::text) AS names, "
      "pg_catalog.array_agg(t.type) AS types, pg_catalog.array_agg(a.attname::text || ' ' || t.type) AS "
      "columns FROM pg_catalog.pg_attribute AS a CROSS JOIN LATERAL "
      "(SELECT pg_catalog.format_type(a.atttypid, NULL) AS type) AS t "
      "WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS a "
      "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relname <> ALL ($2::text[]) AND NOT "
      "(c.relispartition AND EXISTS (SELECT FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS p "
      "ON p.oid = i.inhparent WHERE i.inhrelid = c.oid AND p.relnamespace = c.relnamespace))) AS t "
      "WHERE kind IS NOT NULL ORDER BY relname COLLATE \"C\"",
      Statement::Use::kOnce);
  look.text(schema_).texts(kOurs);
  return look;
}

TableState Tables::state_of(const ResultSet& looked) {
  TableState state;
  state.schema = looked.rows() > 0;
  for (size_t row = 0; row < looked.rows(); ++row) {
    const std::string_view name = looked.text(row, 0);
    if (name == kOwn) state.own = true;
    for (size_t table = 0; table < kDataTables; ++table) {
      if (name != kNames[table]) continue;
      state.data[table] = true;
      state.jsonb[table] = looked.number(row, 1) != 0;
      state.has_row_security[table] = looked.number(row, 2) != 0;
    }
  }
  return state;
}

std::vector<Statement> Tables::make(const TableState& state, size_t table) const {
  std::vector<Statement> statements;
  const auto add = [&](const std::string& sql) { statements.emplace_back(sql, Statement::Use::kOnce); };
  if (!state.schema) add(make_schema_);
  if (!state.own) std::ranges::for_each(make_own_, add);
  if (!state.has(table)) {
    add(sql(table, false).create);
    std::ranges::for_each(sql(table, false).indexes, add);
  }
  return statements;
}

}  // namespace quipu::postgres
