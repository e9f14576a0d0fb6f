// Session: what reads go through: the store itself, each read on whichever connection is free, or one
// connection within one transaction, as snapshots, transactions and scans have it.
//
// Thread-safety: any. Errors: as Status Failure::status() has them.

#ifndef QUIPU_BACKENDS_POSTGRES_DATABASE_SESSION_H_
#define QUIPU_BACKENDS_POSTGRES_DATABASE_SESSION_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/postgres/connection/pool.h"
#include "backends/postgres/database/tables.h"
#include "quipu/backend/thread_annotations.h"
#include "quipu/status.h"

namespace quipu::postgres {

class PinnedSession;

class Session {
 public:
  virtual ~Session() = default;

  virtual Result<std::vector<ResultSet>> run(std::span<const Statement> statements) = 0;
  Result<ResultSet> run(const Statement& statement);

  // What tables there are; looks anew where `table` is missing in what is known.
  virtual Result<TableState> tables(size_t table) = 0;
  virtual const Tables& sql() const = 0;
  // For several statements that belong together.
  virtual Result<std::shared_ptr<PinnedSession>> pinned() = 0;
};

// What the objects of one store share: connections, and what is known of tables.
class Server : public Session, public std::enable_shared_from_this<Server> {
 public:
  explicit Server(const PostgresAddress& address);

  Result<std::vector<ResultSet>> run(std::span<const Statement> statements) override;
  using Session::run;
  Result<TableState> tables(size_t table) override;
  const Tables& sql() const override { return tables_; }
  Result<std::shared_ptr<PinnedSession>> pinned() override;
  // The same of one moment, which is now.
  Result<std::shared_ptr<PinnedSession>> snapshot();

  const PostgresAddress& address() const { return pool_->address(); }
  const std::string& shown() const { return address().shown; }
  Pool& pool() { return *pool_; }
  Pool& lock_pool() { return *lock_pool_; }

  Result<TableState> look();
  void forget_tables();
  // Sees to it that this table is there, and Quipu's own.
  Result<TableState> make_tables(size_t table);
  void close();

 private:
  const Tables tables_;
  const std::shared_ptr<Pool> pool_;
  const std::shared_ptr<Pool> lock_pool_;
  Mutex mutex_;
  std::optional<TableState> known_ QUIPU_GUARDED_BY(mutex_);
};

class PinnedSession : public Session, public std::enable_shared_from_this<PinnedSession> {
 public:
  // `begin`: what begins the transaction, before the first statement.
  PinnedSession(std::shared_ptr<Server> server, std::string_view begin);
  ~PinnedSession() override;

  Result<std::vector<ResultSet>> run(std::span<const Statement> statements) override;
  using Session::run;
  Result<TableState> tables(size_t table) override;
  const Tables& sql() const override { return server_->sql(); }
  Result<std::shared_ptr<PinnedSession>> pinned() override { return shared_from_this(); }

  // A number that no other cursor of this session has.
  int next_cursor();

 private:
  // Takes a connection, begins, and runs them.
  Result<std::vector<ResultSet>> begin(std::span<const Statement> statements) QUIPU_REQUIRES(mutex_);

  const std::shared_ptr<Server> server_;
  const std::string_view begin_;
  Mutex mutex_;
  std::optional<Lease> lease_ QUIPU_GUARDED_BY(mutex_);  // once it has begun
  Status failed_ QUIPU_GUARDED_BY(mutex_);
  std::optional<TableState> tables_ QUIPU_GUARDED_BY(mutex_);
  int cursors_ QUIPU_GUARDED_BY(mutex_) = 0;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_DATABASE_SESSION_H_
