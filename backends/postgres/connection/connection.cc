#include "backends/postgres/connection/connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <utility>

namespace quipu::postgres {
namespace {

constexpr size_t kMostCopied = size_t{64} << 20;  // at once: libpq counts in int

// libpq's messages have several lines, the later ones with a tab before them.
std::string on_one_line(const char* message) {
  std::string text;
  for (const char* at = message == nullptr ? "" : message; *at != '\0'; ++at) {
    const bool is_space = *at == '\n' || *at == '\t' || *at == ' ';
    if (!is_space) {
      text += *at;
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

int64_t random_number() {
  std::random_device device;
  const uint64_t high = device();
  return static_cast<int64_t>((high << 32 | device()) >> 1);
}

// The server's session ends: it is shut down, or was told to. Or is of no use any more: the server takes no
// writes, as one does that another has replaced behind the same address.
bool is_end_of_session(std::string_view sqlstate) {
  return sqlstate.starts_with("57P") || sqlstate.starts_with("08") || sqlstate == Failure::kReadOnly;
}

Failure failure_of(const PGresult* result) {
  const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  Failure failure;
  failure.sqlstate = state == nullptr ? "" : state;
  failure.is_lost = failure.sqlstate.empty() || is_end_of_session(failure.sqlstate);
  const char* const primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  failure.message = primary == nullptr ? on_one_line(PQresultErrorMessage(result)) : on_one_line(primary);
  const char* const detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
  if (detail != nullptr) failure.message += " (" + on_one_line(detail) + ")";
  return failure;
}

bool is_good(ExecStatusType status) { return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK; }

// What is wrong with the data: data exceptions, and what does not fit into a row or an index.
bool is_bad_data(std::string_view sqlstate) {
  return sqlstate.starts_with("22") || sqlstate.starts_with("54") || sqlstate.starts_with("23");
}

}  // namespace

Status Failure::status(std::string_view place) const {
  const std::string text = std::string(place) + ": " + message;
  if (is_lost) return Status::io_error(text);
  if (is_conflict() || is("55P03") || is("57014")) return Status::busy(text);
  if (is_bad_data(sqlstate)) return Status::invalid_argument(text);
  if (sqlstate.starts_with("XX")) return Status::corruption(text);
  if (is("26000") || (is("42P05"))) {
    return Status::io_error(text +
                            "; behind a pooler that shares sessions, add prepare=false to the address");
  }
  return Status::io_error(text);
}

Connection::Connection(pg_conn* connection, bool prepare)
    : writer(random_number()), connection_(connection), prepare_(prepare) {}

Connection::~Connection() {
  if (connection_ != nullptr) PQfinish(connection_);
}

Result<std::unique_ptr<Connection>> Connection::open(const PostgresAddress& address) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : address.parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  std::unique_ptr<Connection> connection(
      new Connection(PQconnectdbParams(keywords.data(), values.data(), 0), address.prepare));
  if (PQstatus(connection->connection_) != CONNECTION_OK) {
    return Status::io_error(address.shown +
                            ": cannot connect: " + on_one_line(PQerrorMessage(connection->connection_)));
  }
  PQsetNoticeProcessor(
      connection->connection_, [](void*, const char*) {}, nullptr);
  if (PQenterPipelineMode(connection->connection_) != 1)
    return Status::io_error(address.shown + ": no pipeline mode");
  return connection;
}

Failure Connection::lost() const {
  Failure failure;
  failure.is_lost = true;
  failure.message = on_one_line(PQerrorMessage(connection_));
  if (failure.message.empty()) failure.message = "the connection to the server was lost";
  return failure;
}

bool Connection::send_in_pipeline(const Statement& statement) {
  const Statement::Arguments arguments = statement.arguments();
  const int count = static_cast<int>(arguments.values.size());
  const std::string sql(statement.sql());
  if (!prepare_ || statement.use() == Statement::Use::kOnce) {
    preparing_.emplace_back();
    return PQsendQueryParams(connection_, sql.c_str(), count, nullptr, arguments.values.data(),
                             arguments.lengths.data(), arguments.formats.data(), 0) == 1;
  }
  auto name = prepared_.find(sql);
  if (name == prepared_.end()) {
    name = prepared_.emplace(sql, "quipu" + std::to_string(prepared_.size())).first;
    preparing_.push_back(sql);
    if (PQsendPrepare(connection_, name->second.c_str(), sql.c_str(), 0, nullptr) != 1) return false;
  }
  preparing_.emplace_back();
  return PQsendQueryPrepared(connection_, name->second.c_str(), count, arguments.values.data(),
                             arguments.lengths.data(), arguments.formats.data(), 0) == 1;
}

Reply Connection::run(std::span<const Statement> statements) {
  finish_sent();
  preparing_.clear();
  bool sent = true;
  for (const Statement& statement : statements) sent = sent && send_in_pipeline(statement);
  sent = sent && PQpipelineSync(connection_) == 1;
  if (!sent) return {{}, lost()};
  return receive(statements.size());
}

Reply Connection::receive(size_t statements) {
  Reply reply;
  reply.results.reserve(statements);
  const std::vector<std::string> preparing = std::exchange(preparing_, {});
  for (size_t at = 0;;) {
    PGresult* const result = PQgetResult(connection_);
    if (result == nullptr) {  // between the results of two statements
      if (PQstatus(connection_) != CONNECTION_OK) {
        if (!reply.failure || !reply.failure->is_lost) reply.failure = lost();
        break;
      }
      continue;
    }
    ResultSet owned(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) break;
    const bool is_preparation = at < preparing.size() && !preparing[at].empty();
    if (!is_good(status)) {
      if (is_preparation) prepared_.erase(preparing[at]);
      if (status != PGRES_PIPELINE_ABORTED && !reply.failure) reply.failure = failure_of(result);
    } else if (!is_preparation) {
      reply.results.push_back(std::move(owned));
    }
    ++at;
  }
  if (reply.failure) reply.results.clear();
  return reply;
}

void Connection::send(const Statement& statement) {
  preparing_.clear();
  const Statement::Arguments arguments = statement.arguments();
  const std::string sql(statement.sql());
  if (PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(arguments.values.size()), nullptr,
                        arguments.values.data(), arguments.lengths.data(), arguments.formats.data(),
                        0) == 1 &&
      PQpipelineSync(connection_) == 1) {
    ++sent_;
  }
}

void Connection::finish_sent() {
  for (; sent_ > 0; --sent_) (void)receive(1);
}

void Connection::roll_back() {
  const Statement rollback("ROLLBACK", Statement::Use::kOnce);
  (void)run({&rollback, 1});
}

std::optional<Failure> Connection::begin_copy(std::string_view sql) {
  finish_sent();
  if (PQexitPipelineMode(connection_) != 1) return lost();
  const ResultSet owned(PQexec(connection_, std::string(sql).c_str()));
  if (PQresultStatus(owned.raw()) == PGRES_COPY_IN) return std::nullopt;
  (void)PQenterPipelineMode(connection_);
  return failure_of(owned.raw());
}

std::optional<Failure> Connection::copy(std::string_view rows) {
  while (!rows.empty()) {
    const std::string_view part = rows.substr(0, kMostCopied);
    if (PQputCopyData(connection_, part.data(), static_cast<int>(part.size())) != 1) return lost();
    rows.remove_prefix(part.size());
  }
  return std::nullopt;
}

std::optional<Failure> Connection::end_copy() {
  if (PQputCopyEnd(connection_, nullptr) != 1) return lost();
  std::optional<Failure> failure;
  while (PGresult* const result = PQgetResult(connection_)) {
    const ResultSet owned(result);
    if (!is_good(PQresultStatus(result)) && !failure) failure = failure_of(result);
  }
  if (PQenterPipelineMode(connection_) != 1 && !failure) return lost();
  return failure;
}

bool Connection::is_connected() const { return PQstatus(connection_) == CONNECTION_OK; }

bool Connection::is_idle() const {
  return is_connected() && (sent_ > 0 || PQtransactionStatus(connection_) == PQTRANS_IDLE);
}

bool Connection::is_alive() {
  finish_sent();
  if (PQstatus(connection_) != CONNECTION_OK) return false;
  pollfd readable{PQsocket(connection_), POLLIN, 0};
  if (::poll(&readable, 1, 0) > 0) (void)PQconsumeInput(connection_);
  return PQstatus(connection_) == CONNECTION_OK && PQtransactionStatus(connection_) == PQTRANS_IDLE;
}

void Connection::abandon() {
  ::close(PQsocket(connection_));
  connection_ = nullptr;  // its memory goes with the process
}

}  // namespace quipu::postgres
