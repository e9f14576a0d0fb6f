#include "backends/postgres/database/session.h"

#include <utility>

#include "quipu/backend/backoff.h"

namespace quipu::postgres {
namespace {

constexpr std::string_view kNoTableState = "42P01";
constexpr std::string_view kNoSchemaState = "3F000";
constexpr std::string_view kBeginReading = "BEGIN READ ONLY";
// A snapshot is of the moment of its first statement.
constexpr std::string_view kBeginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

// Others have made the same at the same time.
bool is_made_already(const Failure& failure) {
  return failure.is("42P06") || failure.is("42P07") || failure.is("23505") || failure.is_conflict();
}

}  // namespace

Result<ResultSet> Session::run(const Statement& statement) {
  QUIPU_ASSIGN_OR_RETURN(std::vector<ResultSet> results, run({&statement, 1}));
  return std::move(results.front());
}

Server::Server(const PostgresAddress& address)
    : tables_(address.schema),
      pool_(std::make_shared<Pool>(address)),
      lock_pool_(std::make_shared<Pool>(address)) {}

// A statement that reads may be sent again when the connection was lost; a server that has never answered is
// not waited for.
Result<std::vector<ResultSet>> Server::run(std::span<const Statement> statements) {
  Backoff backoff(kPatience);
  while (true) {
    const bool may_come_back = pool_->has_connected();
    Result<Lease> lease = pool_->take();
    Status failed;
    if (lease) {
      Reply reply = (*lease)->run(statements);
      if (!reply.failure) return std::move(reply.results);
      failed = reply.failure->status(shown());
      if (reply.failure->is(kNoTableState) || reply.failure->is(kNoSchemaState)) forget_tables();
      if (!reply.failure->is_lost && !reply.failure->is_conflict()) return failed;
    } else {
      failed = lease.error();
      if (!may_come_back || failed.code() != StatusCode::kIoError) return failed;
    }
    if (!backoff.wait()) return failed;
  }
}

Result<std::shared_ptr<PinnedSession>> Server::pinned() {
  return std::make_shared<PinnedSession>(shared_from_this(), kBeginReading);
}

Result<std::shared_ptr<PinnedSession>> Server::snapshot() {
  auto session = std::make_shared<PinnedSession>(shared_from_this(), kBeginSnapshot);
  QUIPU_RETURN_IF_ERROR(session->tables(kAllTables).status());  // its first statement, whose moment it is
  return session;
}

Result<TableState> Server::look() {
  QUIPU_ASSIGN_OR_RETURN(const ResultSet looked, run(tables_.look()));
  const TableState state = Tables::state_of(looked);
  const MutexLock lock(mutex_);
  known_ = state;
  return state;
}

Result<TableState> Server::tables(size_t table) {
  {
    const MutexLock lock(mutex_);
    if (known_ && known_->own && known_->has(table)) return *known_;
  }
  return look();
}

void Server::forget_tables() {
  const MutexLock lock(mutex_);
  known_.reset();
}

Result<TableState> Server::make_tables(size_t table) {
  Backoff backoff(kPatience);
  while (true) {
    QUIPU_ASSIGN_OR_RETURN(const TableState state, tables(table));
    if (state.own && state.has(table)) return state;
    QUIPU_ASSIGN_OR_RETURN(const Lease lease, pool_->take());
    std::vector<Statement> statements;
    statements.emplace_back("BEGIN", Statement::Use::kOnce);
    statements.emplace_back("SELECT pg_advisory_xact_lock($1::bigint)", Statement::Use::kOnce)
        .number(tables_.making_lock());
    for (Statement& each : tables_.make(state, table)) statements.push_back(std::move(each));
    statements.emplace_back("COMMIT", Statement::Use::kOnce);
    const Reply reply = lease->run(statements);
    if (reply.failure) {
      if (!reply.failure->is_lost) lease->roll_back();
      const bool again = is_made_already(*reply.failure) || reply.failure->is_lost;
      if (!again || !backoff.wait()) return reply.failure->status(shown());
    }
    forget_tables();
  }
}

void Server::close() {
  pool_->close();
  lock_pool_->close();
}

PinnedSession::PinnedSession(std::shared_ptr<Server> server, std::string_view begin)
    : server_(std::move(server)), begin_(begin) {}

PinnedSession::~PinnedSession() {
  const MutexLock lock(mutex_);
  if (lease_ && failed_.is_ok()) (*lease_)->send(Statement("ROLLBACK", Statement::Use::kOnce));
}

Result<std::vector<ResultSet>> PinnedSession::begin(std::span<const Statement> statements) {
  std::vector<Statement> all = {Statement(begin_, Statement::Use::kOnce)};
  all.insert(all.end(), statements.begin(), statements.end());
  Backoff backoff(kPatience);
  while (true) {
    const bool may_come_back = server_->pool().has_connected();
    Result<Lease> lease = server_->pool().take();
    Status failed;
    if (lease) {
      Reply reply = (*lease)->run(all);
      if (!reply.failure) {
        lease_.emplace(*std::move(lease));
        reply.results.erase(reply.results.begin());
        return std::move(reply.results);
      }
      failed = reply.failure->status(server_->shown());
      if (!reply.failure->is_lost) {
        (*lease)->roll_back();
        return failed;
      }
    } else {
      failed = lease.error();
      if (!may_come_back || failed.code() != StatusCode::kIoError) return failed;
    }
    if (!backoff.wait()) return failed;
  }
}

Result<std::vector<ResultSet>> PinnedSession::run(std::span<const Statement> statements) {
  const MutexLock lock(mutex_);
  QUIPU_RETURN_IF_ERROR(failed_);
  if (!lease_) return begin(statements);
  Reply reply = (*lease_)->run(statements);
  if (!reply.failure) return std::move(reply.results);
  failed_ = reply.failure->status(server_->shown());
  if (!reply.failure->is_lost) {
    (*lease_)->roll_back();
  } else {
    failed_ =
        Status::io_error(failed_.message() + "; the snapshot or transaction over it is gone: begin again");
  }
  return failed_;
}

Result<TableState> PinnedSession::tables(size_t /*table*/) {
  {
    const MutexLock lock(mutex_);
    if (tables_) return *tables_;
  }
  QUIPU_ASSIGN_OR_RETURN(const ResultSet looked, run(sql().look()));
  const MutexLock lock(mutex_);
  tables_ = Tables::state_of(looked);
  return *tables_;
}

int PinnedSession::next_cursor() {
  const MutexLock lock(mutex_);
  return ++cursors_;
}

}  // namespace quipu::postgres
