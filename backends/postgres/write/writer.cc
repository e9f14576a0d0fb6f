#include "backends/postgres/write/writer.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "backends/postgres/write/new_entries.h"
#include "backends/postgres/write/suspects.h"
#include "quipu/backend/backoff.h"
#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

// What one statement takes at most.
constexpr size_t kMostRows = 5000;
constexpr size_t kMostBytes = size_t{8} << 20;

constexpr auto kOnce = Statement::Use::kOnce;

// There is no such table any more, or it has got row security.
bool is_other_table(const Failure& failure) {
  return failure.is("42P01") || failure.is("3F000") || failure.is("0A000");
}

// Somebody who takes no locks has inserted the same, and was waited for until his COMMIT.
bool is_duplicate(const Failure& failure) { return failure.is("23505"); }
bool is_conflict(const Failure& failure) { return failure.is_conflict() || is_duplicate(failure); }

// Statements over `rows`, so many at a time.
void add_rows(const std::string& sql, const FinalBatch::Rows& rows, std::vector<Statement>& statements) {
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin;
    for (size_t bytes = 0; end < rows.size() && end - begin < kMostRows && bytes < kMostBytes; ++end) {
      bytes += rows.keys[end].size() + (rows.values.empty() ? 0 : rows.values[end].size());
    }
    const auto part = [&](const std::vector<std::string_view>& column) {
      return std::span(column).subspan(begin, end - begin);
    };
    Statement& statement = statements.emplace_back(sql);
    statement.texts(part(rows.collections)).texts(part(rows.keys));
    if (!rows.values.empty()) statement.texts(part(rows.values));
    begin = end;
  }
}

// What the server refuses it does not name.
Status named(const Status& refused, const FinalBatch& batch) {
  if (refused.code() != StatusCode::kInvalidArgument) return refused;
  Suspects suspects;
  for (size_t table = 0; table < kDataTables; ++table) {
    const FinalBatch::Rows& rows = batch.part(table).put;
    for (size_t row = 0; row < rows.size(); ++row)
      suspects.look(rows.collections[row], rows.keys[row], rows.values[row]);
  }
  return suspects.named(refused);
}

}  // namespace

Result<uint64_t> Writer::commit(const Prepare& prepare) {
  Backoff backoff(kPatience);
  bool made_anew = false;
  bool seen_duplicate = false;
  for (;;) {
    const bool may_come_back = server_->pool().has_connected();
    Result<Lease> lease = server_->pool().take();
    if (!lease) {
      if (!may_come_back || lease.error().code() != StatusCode::kIoError || !backoff.wait())
        return lease.error();
      continue;
    }
    Connection& connection = **lease;
    Work work;
    const Status prepared = prepare(connection, work);
    if (!prepared.is_ok()) {
      const bool is_lost = !connection.is_connected();
      if (!is_lost) connection.roll_back();
      if (is_lost && backoff.wait()) continue;
      return prepared;
    }
    const bool is_whole = !work.failure;
    Reply reply{{}, std::move(work.failure)};
    if (is_whole) {
      work.statements.emplace_back("COMMIT", kOnce);
      reply = connection.run(work.statements);
    }
    if (!reply.failure) {
      for (const std::string_view name : work.collections) ++connection.writes[std::string(name)];
      return work.counts ? static_cast<uint64_t>(reply.results[reply.results.size() - 2].number(0, 0)) : 0;
    }
    const Failure& failure = *reply.failure;
    if (failure.is_lost && is_whole && !failure.is(Failure::kReadOnly)) {
      QUIPU_ASSIGN_OR_RETURN(const Fate fate, fate_of(connection, work.collections.front()));
      if (fate.committed) return fate.removed;
    } else if (!failure.is_lost) {
      connection.roll_back();
      if (is_other_table(failure) && !std::exchange(made_anew, true)) {
        server_->forget_tables();
        forget_all();
        continue;
      }
      if (HeldLocks::is_fence(failure)) {
        return Status::busy(server_->shown() +
                            ": the locks were lost with their connection; nothing was changed");
      }
      if (!is_conflict(failure)) return failure.status(server_->shown());
    }
    if (backoff.wait()) continue;
    if (!is_duplicate(failure)) return failure.status(server_->shown());
    // All patience may have gone into waiting for the other.
    if (std::exchange(seen_duplicate, true))
      return Status::busy(server_->shown() + ": others keep inserting the same keys: " + failure.message);
  }
}

Result<Writer::Fate> Writer::fate_of(const Connection& connection, std::string_view collection) {
  const auto known = connection.writes.find(collection);
  const int64_t writes = known == connection.writes.end() ? 0 : known->second;
  Statement ask(server_->sql().own().close_writer);
  ask.text(collection).number(connection.writer);
  // Waits for the lost transaction, if that is under way still.
  Result<std::vector<ResultSet>> asked = server_->run({&ask, 1});
  if (!asked) {
    return Status::io_error(
        "the connection was lost during a COMMIT, and the server cannot be asked whether the "
        "change was made: " +
        asked.error().message());
  }
  const ResultSet& row = asked->front();
  return Fate{row.number(0, 0) > writes, static_cast<uint64_t>(row.number(0, 1))};
}

void Writer::add_changes(std::span<const std::string_view> names, const Connection& connection,
                         std::vector<Statement>& statements) const {
  statements.emplace_back(server_->sql().own().record_change).texts(names).number(connection.writer);
}

Status Writer::make_tables(const FinalBatch& batch) {
  for (size_t table = 0; table < kDataTables; ++table) {
    const FinalBatch::Part& part = batch.part(table);
    if (part.put.size() + part.erased.size() != 0)
      QUIPU_RETURN_IF_ERROR(server_->make_tables(table).status());
  }
  return Status::ok();
}

Status Writer::add_batch(const FinalBatch& batch, Connection& connection, Work& work) {
  std::vector<Statement>& statements = work.statements;
  std::vector<std::string_view> unknown;
  for (size_t table = 0; table < kDataTables; ++table) {
    const FinalBatch::Part& part = batch.part(table);
    if (part.put.size() + part.erased.size() == 0) continue;
    QUIPU_ASSIGN_OR_RETURN(const TableState state, server_->make_tables(table));
    const TableSql& sql = server_->sql().sql(table, state);
    add_rows(sql.erase, part.erased, statements);
    if (part.put.size() <= kFewEntries || state.has_row_security[table] || sql.copy.empty()) {
      add_rows(sql.put, part.put, statements);
      continue;
    }
    FinalBatch::Rows present;
    work.failure = copy_new_entries(sql, state.jsonb[table], part.put, connection, statements, present);
    if (work.failure) return Status::ok();
    add_rows(sql.put, present, statements);
  }
  for (const std::string_view name : batch.put_collections()) {
    if (!is_known(name, {})) unknown.push_back(name);
  }
  if (!unknown.empty()) statements.emplace_back(server_->sql().own().record_collections).texts(unknown);
  return Status::ok();
}

Status Writer::write(const FinalBatch& batch, const KeyLocks* held) {
  if (batch.empty()) return Status::ok();
  if (held != nullptr && !held->covers(batch.keys())) {
    return Status::invalid_argument("write: the locks that are held do not cover the batch");
  }
  QUIPU_RETURN_IF_ERROR(make_tables(batch));
  const auto* const locks = held == nullptr ? nullptr : dynamic_cast<const HeldLocks*>(held->table());
  const Result<uint64_t> committed = commit([&](Connection& connection, Work& work) {
    work.statements.emplace_back("BEGIN", kOnce);
    if (locks == nullptr) {
      for (Statement& each : lock_statements(server_->sql(), batch.keys()))
        work.statements.push_back(std::move(each));
    }
    QUIPU_RETURN_IF_ERROR(add_batch(batch, connection, work));
    add_changes(batch.collections(), connection, work.statements);
    if (locks != nullptr) work.statements.push_back(locks->fence());
    work.collections = batch.collections();
    return Status::ok();
  });
  if (!committed) return named(committed.error(), batch);
  for (const std::string_view name : batch.put_collections()) set_known(name, {});
  return Status::ok();
}

Status Writer::write_rows(std::string_view name, const AddStatements& add) {
  QUIPU_RETURN_IF_ERROR(server_->make_tables(kNoTable).status());
  const std::array<std::string_view, 1> names = {name};
  return commit([&](Connection& connection, Work& work) -> Status {
           QUIPU_RETURN_IF_ERROR(add(connection, work.statements));
           add_changes(names, connection, work.statements);
           work.collections = names;
           return Status::ok();
         })
      .status();
}

Status Writer::write_if(const FinalBatch& batch, const LockSet& used, const Check& check,
                        const OtherTables& others) {
  QUIPU_RETURN_IF_ERROR(make_tables(batch));
  if (!others.names.empty()) QUIPU_RETURN_IF_ERROR(server_->make_tables(kNoTable).status());
  std::vector<std::string_view> names;
  std::ranges::set_union(batch.collections(), others.names, std::back_inserter(names));
  const Result<uint64_t> committed = commit([&](Connection& connection, Work& work) -> Status {
    std::vector<Statement> begin;
    begin.emplace_back("BEGIN", kOnce);
    for (Statement& each : lock_statements(server_->sql(), used)) begin.push_back(std::move(each));
    if (others.begin) QUIPU_RETURN_IF_ERROR(others.begin(connection, begin));
    const Reply begun = connection.run(begin);
    if (begun.failure) return begun.failure->status(server_->shown());
    QUIPU_RETURN_IF_ERROR(check(connection));
    if (others.changes) QUIPU_RETURN_IF_ERROR(others.changes(connection, work.statements));
    QUIPU_RETURN_IF_ERROR(add_batch(batch, connection, work));
    add_changes(names, connection, work.statements);
    work.collections = names;
    return Status::ok();
  });
  if (!committed) return named(committed.error(), batch);
  for (const std::string_view name : batch.put_collections()) set_known(name, {});
  return Status::ok();
}

Result<bool> Writer::erase(std::string_view collection, std::string_view key) {
  if (!check_names(collection, key).is_ok()) return false;  // it cannot be there
  const size_t table = Tables::table_of(collection);
  QUIPU_ASSIGN_OR_RETURN(TableState state, server_->tables(table));
  if (!state.data[table]) return false;
  LockSet keys;
  keys.add(collection, key);
  const std::array<std::string_view, 1> names = {collection};
  QUIPU_ASSIGN_OR_RETURN(const uint64_t removed, commit([&](Connection& connection, Work& work) -> Status {
                           QUIPU_ASSIGN_OR_RETURN(state, server_->make_tables(table));
                           work.statements.emplace_back("BEGIN", kOnce);
                           for (Statement& each : lock_statements(server_->sql(), keys))
                             work.statements.push_back(std::move(each));
                           work.statements.emplace_back(server_->sql().sql(table, state).erase_one)
                               .text(collection)
                               .number(connection.writer)
                               .text(key);
                           work.collections = names;
                           work.counts = true;
                           return Status::ok();
                         }));
  return removed != 0;
}

Result<bool> Writer::drop_collection(std::string_view collection) {
  if (!is_text(collection)) return false;
  const size_t table = Tables::table_of(collection);
  QUIPU_ASSIGN_OR_RETURN(TableState state, server_->tables(table));
  if (!state.data[table]) return false;
  LockSet all;
  all.add_all();
  const std::array<std::string_view, 1> names = {collection};
  QUIPU_ASSIGN_OR_RETURN(const uint64_t removed, commit([&](Connection& connection, Work& work) -> Status {
                           QUIPU_ASSIGN_OR_RETURN(state, server_->make_tables(table));
                           work.statements.emplace_back("BEGIN", kOnce);
                           for (Statement& each : lock_statements(server_->sql(), all))
                             work.statements.push_back(std::move(each));
                           work.statements.emplace_back(server_->sql().sql(table, state).drop)
                               .text(collection)
                               .number(connection.writer);
                           work.collections = names;
                           work.counts = true;
                           return Status::ok();
                         }));
  forget(collection);
  return removed != 0;
}

Status Writer::declare_collection(std::string_view name, const CollectionOptions& options) {
  QUIPU_RETURN_IF_ERROR(check_names(name, options.persist_file));
  QUIPU_RETURN_IF_ERROR(check_names(options.indexed_field, ""));
  if (is_known(name, options)) return Status::ok();
  QUIPU_RETURN_IF_ERROR(server_->make_tables(Tables::table_of(name)).status());
  Statement declare(server_->sql().own().declare_collection);
  declare.text(name).text(options.persist_file).text(options.indexed_field);
  QUIPU_RETURN_IF_ERROR(server_->run(declare).status());
  set_known(name, options);
  return Status::ok();
}

Status Writer::declare_file(std::string_view persist_file) {
  QUIPU_RETURN_IF_ERROR(check_names(persist_file, ""));
  QUIPU_RETURN_IF_ERROR(server_->make_tables(kNoTable).status());
  Statement declare(server_->sql().own().declare_file);
  declare.text(persist_file);
  return server_->run(declare).status();
}

Result<uint64_t> Writer::version(std::span<const std::string_view> collections) {
  QUIPU_ASSIGN_OR_RETURN(const TableState state, server_->tables(kNoTable));
  if (!state.own) return uint64_t{0};
  std::vector<std::string_view> possible;
  std::ranges::copy_if(collections, std::back_inserter(possible), is_text);
  Statement sum(server_->sql().own().version);
  sum.texts(possible);
  QUIPU_ASSIGN_OR_RETURN(const ResultSet row, server_->run(sum));
  return static_cast<uint64_t>(row.number(0, 0));
}

Status Writer::tidy_changes() {
  QUIPU_ASSIGN_OR_RETURN(const TableState state, server_->tables(kNoTable));
  if (!state.own) return Status::ok();
  return server_->run(Statement(server_->sql().own().tidy_changes, kOnce)).status();
}

Status Writer::finish_load(Connection& connection, std::span<const std::string> files,
                           std::span<const Declared> collections, std::span<const std::string_view> names) {
  const OwnSql& own = server_->sql().own();
  std::vector<Statement> statements;
  for (const std::string& file : files) statements.emplace_back(own.declare_file).text(file);
  for (const auto& [name, options] : collections) {
    statements.emplace_back(own.declare_collection)
        .text(name)
        .text(options.persist_file)
        .text(options.indexed_field);
  }
  if (!names.empty()) add_changes(names, connection, statements);
  statements.emplace_back("COMMIT", kOnce);
  const Reply reply = connection.run(statements);
  if (reply.failure) {
    const Status failed = reply.failure->status(server_->shown());
    if (!reply.failure->is_lost) {
      connection.roll_back();
      return failed;
    }
    if (names.empty()) return failed;
    QUIPU_ASSIGN_OR_RETURN(const Fate fate, fate_of(connection, names.front()));
    if (!fate.committed) return failed;
  }
  for (const std::string_view name : names) ++connection.writes[std::string(name)];
  for (const auto& [name, options] : collections) set_known(name, options);
  return Status::ok();
}

bool Writer::is_known(std::string_view collection, const CollectionOptions& options) {
  const MutexLock lock(mutex_);
  const auto found = known_.find(collection);
  return found != known_.end() && (options.persist_file.empty() || !found->second.empty());
}

void Writer::set_known(std::string_view collection, const CollectionOptions& options) {
  const MutexLock lock(mutex_);
  std::string& persist_file = known_[std::string(collection)];
  if (persist_file.empty()) persist_file = options.persist_file;
}

void Writer::forget(std::string_view collection) {
  const MutexLock lock(mutex_);
  known_.erase(std::string(collection));
}

void Writer::forget_all() {
  const MutexLock lock(mutex_);
  known_.clear();
}

}  // namespace quipu::postgres
