#include "backends/postgres/connection/pool.h"

#include <unistd.h>

#include <string>

namespace quipu::postgres {
namespace {

// A session that has been idle for longer is not used again; see Writer for what depends on it.
constexpr std::chrono::minutes kLongestIdle{10};

}  // namespace

Lease::~Lease() {
  if (connection_) pool_->give_back(std::move(connection_));
}

Pool::Pool(const PostgresAddress& address) : address_(address), process_(::getpid()) {}

Pool::~Pool() {
  const MutexLock lock(mutex_);
  leave_to_parent();
}

// A child of fork() has its parent's connections, and may not say a word on them.
void Pool::leave_to_parent() {
  if (::getpid() == process_) return;
  process_ = ::getpid();
  for (const Idle& each : idle_) each.connection->abandon();
  idle_.clear();
  in_use_ = 0;
}

Result<std::unique_ptr<Connection>> Pool::reserve() {
  MutexLock lock(mutex_);
  leave_to_parent();
  const Clock::time_point deadline = Clock::now() + address_.pool_timeout;
  while (in_use_ >= address_.pool_size) {
    if (closed_) break;
    if (returned_.wait_until(lock.native(), deadline) == std::cv_status::timeout &&
        in_use_ >= address_.pool_size) {
      return Status::busy(address_.shown + ": all " + std::to_string(address_.pool_size) +
                          " connections have been in use for " +
                          std::to_string(address_.pool_timeout.count()) +
                          " s (pool_size and pool_timeout in the address)");
    }
  }
  if (closed_) return Status::invalid_argument(address_.shown + ": the store is closed");
  ++in_use_;
  while (!idle_.empty()) {
    Idle newest = std::move(idle_.back());
    idle_.pop_back();
    if (Clock::now() - newest.since < kLongestIdle && newest.connection->is_alive()) {
      return std::move(newest.connection);
    }
  }
  return std::unique_ptr<Connection>();
}

Result<Lease> Pool::take() {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, reserve());
  if (!connection) {
    Result<std::unique_ptr<Connection>> opened = Connection::open(address_);
    if (!opened) {
      const MutexLock lock(mutex_);
      --in_use_;
      returned_.notify_one();
      return opened.error();
    }
    connection = *std::move(opened);
    has_connected_ = true;
  }
  return Lease(shared_from_this(), std::move(connection));
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  const MutexLock lock(mutex_);
  if (::getpid() != process_) return connection->abandon();
  --in_use_;
  if (!closed_ && connection->is_idle()) idle_.push_back({std::move(connection), Clock::now()});
  returned_.notify_one();
}

void Pool::close() {
  const MutexLock lock(mutex_);
  leave_to_parent();
  closed_ = true;
  idle_.clear();
  returned_.notify_all();
}

}  // namespace quipu::postgres
