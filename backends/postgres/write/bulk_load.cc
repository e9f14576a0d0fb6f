#include "backends/postgres/write/bulk_load.h"

#include <algorithm>
#include <array>

#include "backends/postgres/connection/copy_text.h"

namespace quipu::postgres {
namespace {

constexpr size_t kBufferBytes = size_t{256} << 10;
constexpr auto kOnce = Statement::Use::kOnce;

}  // namespace

Result<std::unique_ptr<BulkLoad>> PostgresBulkLoad::begin(Writer& writer, Server& server) {
  QUIPU_ASSIGN_OR_RETURN(Lease lease, server.pool().take());
  std::unique_ptr<PostgresBulkLoad> load(new PostgresBulkLoad(writer, server, std::move(lease)));
  std::vector<Statement> statements;
  statements.emplace_back("BEGIN", kOnce);
  statements.emplace_back(
      "CREATE TEMPORARY TABLE quipu_load (n bigint, namespace varchar, key varchar, value json) ON COMMIT "
      "DROP",
      kOnce);
  QUIPU_RETURN_IF_ERROR(load->run(statements));
  return std::unique_ptr<BulkLoad>(std::move(load));
}

PostgresBulkLoad::~PostgresBulkLoad() {
  if (copying_) (void)lease_->end_copy();
  if (!lease_->is_idle()) lease_->roll_back();
}

Status PostgresBulkLoad::failed(const Failure& failure) {
  return failed_ = suspects_.named(failure.status(server_.shown()));
}

Status PostgresBulkLoad::run(std::span<const Statement> statements) {
  QUIPU_RETURN_IF_ERROR(failed_);
  const Reply reply = lease_->run(statements);
  return reply.failure ? failed(*reply.failure) : Status::ok();
}

Status PostgresBulkLoad::send_rows() {
  QUIPU_RETURN_IF_ERROR(failed_);
  if (buffer_.empty()) return Status::ok();
  if (!copying_) {
    if (const auto failure = lease_->begin_copy("COPY pg_temp.quipu_load FROM STDIN"))
      return failed(*failure);
    copying_ = true;
  }
  const auto failure = lease_->copy(buffer_);
  buffer_.clear();
  return failure ? failed(*failure) : Status::ok();
}

Status PostgresBulkLoad::end_copy() {
  QUIPU_RETURN_IF_ERROR(send_rows());
  if (!copying_) return Status::ok();
  copying_ = false;
  const auto failure = lease_->end_copy();
  return failure ? failed(*failure) : Status::ok();
}

Status PostgresBulkLoad::begin_file(std::string_view persist_file) {
  QUIPU_RETURN_IF_ERROR(check_names(persist_file, ""));
  files_.emplace_back(persist_file);
  return Status::ok();
}

Status PostgresBulkLoad::begin_collection(std::string_view name, const CollectionOptions& options) {
  QUIPU_RETURN_IF_ERROR(check_names(name, options.persist_file));
  const auto known = std::ranges::find(collections_, name, [](const auto& each) { return each.first; });
  current_ = static_cast<size_t>(known - collections_.begin());
  if (known == collections_.end()) {
    collections_.emplace_back(name, options);
    return Status::ok();
  }
  QUIPU_RETURN_IF_ERROR(end_copy());
  Statement erase("DELETE FROM pg_temp.quipu_load WHERE namespace = $1", kOnce);
  erase.text(name);
  return run({&erase, 1});
}

Status PostgresBulkLoad::put(std::string_view key, JsonView val) {
  if (collections_.empty()) return Status::invalid_argument("bulk load: put before begin_collection");
  const std::string& collection = collections_[current_].first;
  if (!val.is_object()) {
    return Status::invalid_argument("collection " + Json::from_string(collection).text() + ", key " +
                                    Json::from_string(key).text() + ": the value is not a JSON object");
  }
  QUIPU_RETURN_IF_ERROR(check_names(collection, key));
  suspects_.look(collection, key, val.text());
  (buffer_ += std::to_string(rows_++)) += '\t';
  append_copy_field(collection, buffer_);
  buffer_ += '\t';
  append_copy_field(key, buffer_);
  buffer_ += '\t';
  append_copy_field(val.text(), buffer_);
  buffer_ += '\n';
  return buffer_.size() >= kBufferBytes ? send_rows() : Status::ok();
}

// Of a key that came several times the first row has its place, the last its value.
Status PostgresBulkLoad::move_rows(size_t table, std::span<const std::string_view> names) {
  QUIPU_ASSIGN_OR_RETURN(const TableState state, server_.tables(table));
  const TableSql& sql = server_.sql().sql(table, state);
  std::vector<Statement> statements;
  statements.emplace_back(sql.update_loaded, kOnce).texts(names);
  statements.emplace_back(sql.insert_loaded, kOnce).texts(names);
  return run(statements);
}

Status PostgresBulkLoad::commit() {
  QUIPU_RETURN_IF_ERROR(end_copy());
  std::array<std::vector<std::string_view>, kDataTables> names;
  std::vector<std::string_view> all;
  for (const auto& [name, options] : collections_) {
    names[Tables::table_of(name)].push_back(name);
    all.push_back(name);
  }
  std::ranges::sort(all);
  for (size_t table = 0; table < kDataTables; ++table) {
    if (!names[table].empty()) QUIPU_RETURN_IF_ERROR(server_.make_tables(table).status());
  }
  QUIPU_RETURN_IF_ERROR(server_.make_tables(kNoTable).status());

  LockSet everything;
  everything.add_all();
  std::vector<Statement> statements = lock_statements(server_.sql(), everything);
  statements.emplace_back("ANALYZE pg_temp.quipu_load", kOnce);
  QUIPU_RETURN_IF_ERROR(run(statements));
  for (size_t table = 0; table < kDataTables; ++table) {
    if (!names[table].empty()) QUIPU_RETURN_IF_ERROR(move_rows(table, names[table]));
  }
  return writer_.finish_load(*lease_, files_, collections_, all);
}

}  // namespace quipu::postgres
