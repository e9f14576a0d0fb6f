#include "backends/postgres/copies/table_copy.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "backends/postgres/vectors/vector_table.h"

namespace quipu::postgres {
namespace {

constexpr auto kOnce = Statement::Use::kOnce;
constexpr std::string_view kDuplicateTable = "42P07";  // or index, or sequence
constexpr std::string_view kDuplicateObject = "42710";
constexpr size_t kBufferBytes = size_t{256} << 10;
constexpr uint64_t kMostIndexMemory = uint64_t{1} << 20;  // in kB: 1 GiB, while indexes are made

// The transaction that makes the table. What is not completed is rolled back.
class TableCopy {
 public:
  TableCopy(const TableDefinition& definition, std::string table, Server& target, Lease lease)
      : definition_(definition), table_(std::move(table)), target_(target), lease_(std::move(lease)) {}
  ~TableCopy() {
    if (is_copying_) (void)lease_->end_copy();
    if (!lease_->is_idle()) lease_->roll_back();
  }
  TableCopy(const TableCopy&) = delete;
  TableCopy& operator=(const TableCopy&) = delete;

  Status begin() {
    const std::string create = definition_.create(schema(), table_);
    std::vector<Statement> statements;
    statements.emplace_back("BEGIN", kOnce);
    statements.emplace_back("SELECT pg_catalog.pg_advisory_xact_lock($1::bigint)", kOnce)
        .number(target_.sql().making_lock());
    statements.emplace_back(same_texts(), kOnce);
    statements.emplace_back(create, kOnce);
    QUIPU_RETURN_IF_ERROR(run(statements));
    const std::string copy = "COPY " + name() + " (" + definition_.written_columns() + ") FROM STDIN";
    if (const auto failure = lease_->begin_copy(copy)) return failed(*failure);
    is_copying_ = true;
    return Status::ok();
  }

  Status add(std::string_view row) {
    (buffer_ += row) += '\n';
    bytes_ += row.size();
    return buffer_.size() < kBufferBytes ? Status::ok() : send();
  }

  Status end() {
    QUIPU_RETURN_IF_ERROR(send());
    is_copying_ = false;
    if (const auto failure = lease_->end_copy()) return failed(*failure);
    std::vector<Statement> statements;
    statements
        .emplace_back(
            "SELECT pg_catalog.set_config('maintenance_work_mem', greatest($1::bigint, (SELECT "
            "setting::bigint FROM "
            "pg_catalog.pg_settings WHERE name = 'maintenance_work_mem'))::text, true)",
            kOnce)
        .number(static_cast<int64_t>(std::min(bytes_ / 1024 * 5 / 4, kMostIndexMemory)));
    const std::vector<std::string> complete = definition_.complete(schema(), table_);
    for (const std::string& each : complete) statements.emplace_back(each, kOnce);
    std::vector<std::string> numbering;
    for (const TableDefinition::Column& column : definition_.columns) {
      if (!column.is_serial) continue;
      numbering.push_back(
          "SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence($1::text, $2::text), v.n) FROM (SELECT "
          "greatest($3::bigint, pg_catalog.max(" +
          quoted(column.name) + ")) AS n FROM " + name() + ") AS v WHERE v.n > 0");
    }
    const std::string table = name();
    size_t at = 0;
    for (const TableDefinition::Column& column : definition_.columns) {
      if (!column.is_serial) continue;
      statements.emplace_back(numbering[at++], kOnce)
          .text(table)
          .text(column.name)
          .number(column.last_number);
    }
    statements.emplace_back("COMMIT", kOnce);
    return run(statements);
  }

 private:
  const std::string& schema() const { return target_.sql().schema(); }
  std::string name() const { return quoted(schema()) + "." + quoted(table_); }
  Status failed(const Failure& failure) const {
    const Status status = failure.status(target_.shown());
    const bool is_taken = failure.is(kDuplicateTable) || failure.is(kDuplicateObject);
    return Status(is_taken ? StatusCode::kAlreadyExists : status.code(),
                  status.message() + " (table " + table_ + ")");
  }

  Status run(std::span<const Statement> statements) {
    const Reply reply = lease_->run(statements);
    return reply.failure ? failed(*reply.failure) : Status::ok();
  }

  Status send() {
    const auto failure = lease_->copy(buffer_);
    buffer_.clear();
    return failure ? failed(*failure) : Status::ok();
  }

  const TableDefinition& definition_;
  const std::string table_;
  Server& target_;
  const Lease lease_;
  std::string buffer_;
  uint64_t bytes_ = 0;
  bool is_copying_ = false;
};

}  // namespace

Status copy_table(const PostgresSnapshot& from, const std::string& table, Server& target,
                  const SharedTables::WatchRow& watch) {
  QUIPU_ASSIGN_OR_RETURN(const TableDefinition definition, from.definition(table));
  QUIPU_RETURN_IF_ERROR(definition.check_can_move(table));
  QUIPU_RETURN_IF_ERROR(target.make_tables(kNoTable).status());  // and so the schema
  if (definition.needs_vector) QUIPU_RETURN_IF_ERROR(make_extension(target));
  QUIPU_ASSIGN_OR_RETURN(const auto rows, from.scan_rows(table));
  QUIPU_ASSIGN_OR_RETURN(Lease lease, target.pool().take());
  TableCopy copy(definition, table, target, std::move(lease));
  QUIPU_RETURN_IF_ERROR(copy.begin());
  while (rows->next()) {
    QUIPU_RETURN_IF_ERROR(watch(rows->row()));
    QUIPU_RETURN_IF_ERROR(copy.add(rows->row()));
  }
  QUIPU_RETURN_IF_ERROR(rows->status());
  return copy.end();
}

Status check_copy(const PostgresSnapshot& from, const std::string& table, Server& target) {
  QUIPU_ASSIGN_OR_RETURN(const TableDefinition definition, from.definition(table));
  QUIPU_RETURN_IF_ERROR(definition.check_can_move(table));
  std::vector<std::string_view> names(definition.constraint_names.begin(), definition.constraint_names.end());
  names.emplace_back(table);
  for (const TableDefinition::Index& index : definition.indexes) names.emplace_back(index.name);
  std::vector<Statement> look;
  look.emplace_back(
          "SELECT c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = "
          "c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY ($2::text[]) ORDER BY c.relname LIMIT 1",
          kOnce)
      .text(target.sql().schema())
      .texts(names);
  look.emplace_back("SELECT 1 FROM pg_catalog.pg_available_extensions WHERE name = 'vector'", kOnce);
  QUIPU_ASSIGN_OR_RETURN(const std::vector<ResultSet> found, target.run(look));
  if (found[0].rows() > 0) {
    return Status::already_exists(target.shown() + " has " + quoted(found[0].text(0, 0)) +
                                  " already, which table " + quoted(table) + " of the source needs");
  }
  if (definition.needs_vector && found[1].rows() == 0) {
    return Status::not_supported("the target cannot hold table " + quoted(table) +
                                 " of the source: its server lacks the extension pgvector");
  }
  return Status::ok();
}

Status drop_table(const std::string& table, Server& target) {
  const std::string drop = "DROP TABLE IF EXISTS " + quoted(target.sql().schema()) + "." + quoted(table);
  return target.run(Statement(drop, kOnce)).status();
}

}  // namespace quipu::postgres
