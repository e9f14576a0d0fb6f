#include "backends/postgres/read/reader.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "backends/postgres/read/cursor.h"
#include "quipu/backend/features.h"
#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

Result<std::optional<Json>> optional_value(const ResultSet& rows, size_t row, std::string_view key,
                                           std::string_view collection) {
  if (rows.is_null(row, 0)) return std::optional<Json>();
  QUIPU_ASSIGN_OR_RETURN(Json value, stored_value(rows.text(row, 0), key, collection));
  return std::optional<Json>(std::move(value));
}

// Of rows of key and value.
Result<std::vector<KVEntry>> entries_of(const ResultSet& rows, std::string_view collection) {
  std::vector<KVEntry> entries;
  entries.reserve(rows.rows());
  for (size_t row = 0; row < rows.rows(); ++row) {
    const std::string_view key = rows.text(row, 0);
    const std::string_view text = rows.is_null(row, 1) ? "null" : rows.text(row, 1);
    QUIPU_ASSIGN_OR_RETURN(Json value, stored_value(text, key, collection));
    entries.push_back({std::string(key), std::move(value)});
  }
  return entries;
}

// Whether no writer of JSON has reason to write these characters as others.
bool stands_as_it_is(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; });
}

}  // namespace

std::vector<bool> with_order(std::span<const std::optional<uint64_t>> orders) {
  std::vector<bool> exist;
  for (const std::optional<uint64_t>& order : orders) exist.push_back(order.has_value());
  return exist;
}

Result<Json> stored_value(std::string_view text, std::string_view key, std::string_view collection) {
  Result<Json> value = Json::parse(text);
  if (value) return value;
  return Status::corruption("key " + Json::from_string(key).text() + " of collection " +
                            Json::from_string(collection).text() + ": " + value.error().message());
}

Result<std::optional<PostgresReader::Place>> PostgresReader::place_of(std::string_view collection) const {
  if (!is_text(collection)) return std::optional<Place>();
  const size_t table = Tables::table_of(collection);
  QUIPU_ASSIGN_OR_RETURN(const TableState state, session_->tables(table));
  if (!state.data[table]) return std::optional<Place>();
  return std::optional(Place{&session_->sql().sql(table, state), state});
}

Result<std::optional<Json>> PostgresReader::get(std::string_view key, std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Place> place, place_of(collection));
  if (!place || !is_text(key)) return std::optional<Json>();
  Statement get(place->sql->get);
  get.text(key).text(collection);
  QUIPU_ASSIGN_OR_RETURN(const ResultSet rows, session_->run(get));
  if (rows.rows() == 0) return std::optional<Json>();
  return optional_value(rows, 0, key, collection);
}

Result<std::vector<KVEntry>> PostgresReader::get_all(std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Place> place, place_of(collection));
  if (!place) return std::vector<KVEntry>();
  Statement all(place->sql->get_all);
  all.text(collection);
  QUIPU_ASSIGN_OR_RETURN(const ResultSet rows, session_->run(all));
  return entries_of(rows, collection);
}

Result<std::vector<KVEntry>> PostgresReader::values_like(std::string_view collection,
                                                         std::string_view text) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Place> place, place_of(collection));
  if (!place) return std::vector<KVEntry>();
  Statement like(place->sql->values_like);
  like.text(collection).text(stands_as_it_is(text) ? text : "");
  QUIPU_ASSIGN_OR_RETURN(const ResultSet rows, session_->run(like));
  return entries_of(rows, collection);
}

Result<std::optional<ResultSet>> PostgresReader::look_up(std::string TableSql::*sql,
                                                         std::span<const std::string_view> keys,
                                                         std::string_view collection,
                                                         std::vector<size_t>& theirs) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Place> place, place_of(collection));
  if (!place) return std::optional<ResultSet>();
  std::vector<std::string_view> possible;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!is_text(keys[i])) continue;
    possible.push_back(keys[i]);
    theirs.push_back(i);
  }
  if (possible.empty()) return std::optional<ResultSet>();
  Statement look(place->sql->*sql);
  look.texts(possible).text(collection);
  QUIPU_ASSIGN_OR_RETURN(ResultSet rows, session_->run(look));
  return std::optional(std::move(rows));
}

Result<std::vector<std::optional<Json>>> PostgresReader::multi_get(std::span<const std::string_view> keys,
                                                                   std::string_view collection) const {
  std::vector<std::optional<Json>> values(keys.size());
  std::vector<size_t> theirs;
  QUIPU_ASSIGN_OR_RETURN(const auto rows, look_up(&TableSql::multi_get, keys, collection, theirs));
  for (size_t row = 0; rows && row < rows->rows(); ++row) {
    const size_t at = theirs[row];
    QUIPU_ASSIGN_OR_RETURN(values[at], optional_value(*rows, row, keys[at], collection));
  }
  return values;
}

Result<std::vector<std::optional<uint64_t>>> PostgresReader::insertion_order(
    std::span<const std::string_view> keys, std::string_view collection) const {
  std::vector<std::optional<uint64_t>> orders(keys.size());
  std::vector<size_t> theirs;
  QUIPU_ASSIGN_OR_RETURN(const auto rows, look_up(&TableSql::orders, keys, collection, theirs));
  for (size_t row = 0; rows && row < rows->rows(); ++row) {
    if (!rows->is_null(row, 0)) orders[theirs[row]] = static_cast<uint64_t>(rows->number(row, 0));
  }
  return orders;
}

Result<std::vector<bool>> PostgresReader::keys_exist(std::span<const std::string_view> keys,
                                                     std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<uint64_t>> orders,
                         insertion_order(keys, collection));
  return with_order(orders);
}

Result<PostgresReader::Keys> PostgresReader::adjacent(std::span<const std::string_view> ids,
                                                      std::string_view collection, uint64_t at_most) const {
  Keys keys(ids.size());
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Place> place, place_of(collection));
  std::vector<size_t> theirs;
  std::vector<std::string_view> nodes;
  std::vector<std::string> ranges;  // of each the first key, and the one after the last
  for (size_t i = 0; place && i < ids.size(); ++i) {
    if (!is_text(ids[i])) continue;
    theirs.push_back(i);
    nodes.push_back(ids[i]);
    ranges.push_back(Adjacency::key_start(ids[i]));
    ranges.push_back(ranges.back());
    ++ranges.back().back();
  }
  if (nodes.empty()) return keys;
  std::vector<std::string_view> low;
  std::vector<std::string_view> high;
  for (size_t i = 0; i < ranges.size(); ++i) (i % 2 == 0 ? low : high).push_back(ranges[i]);
  Statement adjacent(place->sql->adjacent);
  adjacent.text(collection).texts(nodes).texts(low).texts(high);
  adjacent.number(at_most == 0 || at_most > INT64_MAX ? INT64_MAX : static_cast<int64_t>(at_most));
  QUIPU_ASSIGN_OR_RETURN(const ResultSet rows, session_->run(adjacent));
  for (size_t row = 0; row < rows.rows(); ++row) {
    keys[theirs[static_cast<size_t>(rows.number(row, 0) - 1)]].emplace_back(rows.text(row, 1));
  }
  return keys;
}

// Before they had tables of their own, graphs were in data_kvstore. A collection is declared only when its
// table is there.
Status PostgresReader::check_graphs() const {
  QUIPU_ASSIGN_OR_RETURN(TableState state, session_->tables(kNoTable));
  if (!state.own) return Status::ok();
  Statement declared(session_->sql().own().declared);
  declared.texts(Tables::graph_collections());
  QUIPU_ASSIGN_OR_RETURN(const ResultSet rows, session_->run(declared));
  for (size_t row = 0; row < rows.rows(); ++row) {
    const size_t table = Tables::table_of(rows.text(row, 0));
    QUIPU_ASSIGN_OR_RETURN(state, session_->tables(table));
    if (state.data[table]) continue;
    return Status::not_supported(
        "schema " + Json::from_string(session_->sql().schema()).text() + ": collection " +
        Json::from_string(rows.text(row, 0)).text() +
        " has no table: its graph was written to data_kvstore, by a version of Quipu before its first "
        "release "
        "for PostgreSQL. Export it with that version and import it here, or delete it: in data_kvstore the "
        "rows whose namespace is that, in quipu_collections the row whose name is");
  }
  return Status::ok();
}

Result<std::vector<std::optional<std::string>>> PostgresReader::versions(
    std::span<const std::string_view> keys, std::string_view collection) const {
  std::vector<std::optional<std::string>> versions(keys.size());
  std::vector<size_t> theirs;
  QUIPU_ASSIGN_OR_RETURN(const auto rows, look_up(&TableSql::versions, keys, collection, theirs));
  for (size_t row = 0; rows && row < rows->rows(); ++row) {
    if (!rows->is_null(row, 0)) versions[theirs[row]] = std::string(rows->text(row, 0));
  }
  return versions;
}

Result<std::string> PostgresReader::digest(std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Place> place, place_of(collection));
  if (!place) return std::string("0 0");
  Statement digest(place->sql->digest);
  digest.text(collection);
  QUIPU_ASSIGN_OR_RETURN(const ResultSet rows, session_->run(digest));
  return std::string(rows.text(0, 0));
}

Result<uint64_t> PostgresReader::count(std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Place> place, place_of(collection));
  if (!place) return uint64_t{0};
  Statement count(place->sql->count);
  count.text(collection);
  QUIPU_ASSIGN_OR_RETURN(const ResultSet rows, session_->run(count));
  return static_cast<uint64_t>(rows.number(0, 0));
}

Result<std::unique_ptr<KVIterator>> PostgresReader::scan(const ScanOptions& options,
                                                         std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Place> place, place_of(collection));
  const std::optional<KeyRange> range = KeyRange::of(options);
  if (!place || !range) return Cursor::none();
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<PinnedSession> pinned, session_->pinned());
  return Cursor::open(std::move(pinned), *place->sql, collection, options, *range);
}

Result<std::vector<CollectionInfo>> PostgresReader::collections() const {
  QUIPU_ASSIGN_OR_RETURN(const TableState state, session_->tables(kAllTables));
  const Tables& tables = session_->sql();
  std::vector<Statement> statements;
  for (size_t table = 0; table < kDataTables; ++table) {
    if (state.data[table]) statements.emplace_back(tables.sql(table, state).namespaces);
  }
  const size_t counted = statements.size();
  if (state.own) statements.emplace_back(tables.own().collections);
  if (statements.empty()) return std::vector<CollectionInfo>();
  QUIPU_ASSIGN_OR_RETURN(const std::vector<ResultSet> results, session_->run(statements));

  std::vector<CollectionInfo> infos;
  std::map<std::string, size_t, std::less<>> places;
  if (state.own) {
    const ResultSet& declared = results.back();
    for (size_t row = 0; row < declared.rows(); ++row) {
      places.emplace(declared.text(row, 0), infos.size());
      infos.push_back({std::string(declared.text(row, 0)), std::string(declared.text(row, 1)),
                       std::string(declared.text(row, 2)), 0});
    }
  }
  std::vector<std::pair<int64_t, CollectionInfo>> others;  // by the first number in them
  for (size_t i = 0; i < counted; ++i) {
    for (size_t row = 0; row < results[i].rows(); ++row) {
      const std::string_view name = results[i].text(row, 0);
      const auto count = static_cast<uint64_t>(results[i].number(row, 1));
      const auto place = places.find(name);
      if (place != places.end()) {
        infos[place->second].count = count;
      } else {
        others.push_back({results[i].number(row, 2), {std::string(name), "", "", count}});
      }
    }
  }
  std::ranges::stable_sort(others, {}, [](const auto& other) { return other.first; });
  for (auto& [first, info] : others) infos.push_back(std::move(info));
  for (CollectionInfo& info : infos) {
    if (info.persist_file.empty()) info.persist_file = Tables::file_of(info.name);
  }
  return infos;
}

Result<std::vector<std::string>> PostgresReader::declared_files() const {
  std::vector<std::string> files;
  QUIPU_ASSIGN_OR_RETURN(const TableState state, session_->tables(kNoTable));
  if (!state.own) return files;
  QUIPU_ASSIGN_OR_RETURN(const ResultSet rows, session_->run(Statement(session_->sql().own().files)));
  for (size_t row = 0; row < rows.rows(); ++row) files.emplace_back(rows.text(row, 0));
  return files;
}

}  // namespace quipu::postgres
