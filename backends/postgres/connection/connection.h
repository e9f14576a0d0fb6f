// Connection: one session of a server. What is run together goes out as one pipeline: one round trip,
// whatever the number of statements.
//
//   QUIPU_ASSIGN_OR_RETURN(const auto connection, Connection::open(address));
//   Reply reply = connection->run(statements);
//   if (reply.failure) return reply.failure->status(address.shown);
//   reply.results[0].text(0, 0);
//
// Thread-safety: one thread at a time.

#ifndef QUIPU_BACKENDS_POSTGRES_CONNECTION_CONNECTION_H_
#define QUIPU_BACKENDS_POSTGRES_CONNECTION_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/postgres/connection/address.h"
#include "backends/postgres/connection/statement.h"
#include "quipu/status.h"

struct pg_conn;

namespace quipu::postgres {

// Why statements have not all been run.
struct Failure {
  std::string sqlstate;  // five characters, empty where the connection was lost
  std::string message;
  bool is_lost = false;  // the connection is gone, and with it what became of a COMMIT

  static constexpr std::string_view kReadOnly = "25006";  // lost, too, but nothing has been committed

  bool is(std::string_view state) const { return sqlstate == state; }
  // Another try may do better: a serialization failure or a deadlock.
  bool is_conflict() const { return is("40001") || is("40P01"); }
  // What the caller is told; `place` is what it is about.
  Status status(std::string_view place) const;
};

struct Reply {
  std::vector<ResultSet> results;  // of all statements, unless there is a failure
  std::optional<Failure> failure;
};

class Connection {
 public:
  // Errors: kIoError, without a password.
  static Result<std::unique_ptr<Connection>> open(const PostgresAddress& address);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The first failure ends it: what comes after that statement is not run. A transaction that was begun is
  // then to be rolled back (roll_back()).
  Reply run(std::span<const Statement> statements);
  // Sends a statement whose outcome nobody waits for; the next run() goes after it.
  void send(const Statement& statement);
  void roll_back();

  // Begins a COPY ... FROM STDIN, takes some of its rows, ends it. The first failure is the outcome.
  std::optional<Failure> begin_copy(std::string_view sql);
  std::optional<Failure> copy(std::string_view rows);
  std::optional<Failure> end_copy();

  bool is_connected() const;
  // In good order, outside of any transaction.
  bool is_idle() const;
  // Whether an idle connection has been ended by the other side, as far as that is known here; no round trip.
  bool is_alive();
  // In a child of fork(): lets go of the parent's session without a word to the server.
  void abandon();

  // A number that no other session gives out, but for a chance in 2^63.
  int64_t next_token() { return (writer + ++tokens_) & INT64_MAX; }

  // A number of this session, random, and for each collection how often it has written to it; see writer.h.
  const int64_t writer;
  std::map<std::string, int64_t, std::less<>> writes;

 private:
  explicit Connection(pg_conn* connection, bool prepare);

  bool send_in_pipeline(const Statement& statement);
  // Reads the outcome of a pipeline to its end.
  Reply receive(size_t statements);
  void finish_sent();
  Failure lost() const;

  pg_conn* connection_;
  const bool prepare_;
  std::map<std::string, std::string, std::less<>> prepared_;  // names by SQL
  std::vector<std::string> preparing_;                        // in the pipeline now, by its place
  int64_t tokens_ = 0;
  size_t sent_ = 0;  // pipelines that nobody has waited for
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_CONNECTION_CONNECTION_H_
