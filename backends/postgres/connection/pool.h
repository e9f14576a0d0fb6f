// Pool: the connections of a store. One is taken for a call, or for as long as a scan, a snapshot, a
// transaction or a lock lasts, and given back; those that are idle are kept, those that are broken or left in
// a transaction are closed.
//
//   QUIPU_ASSIGN_OR_RETURN(Lease lease, pool.take());
//   Reply reply = lease->run(statements);
//
// Thread-safety: any. Lifetime: leases keep their pool. Errors: kBusy when all connections have been in use
// for the address's pool_timeout; those of Connection::open().

#ifndef QUIPU_BACKENDS_POSTGRES_CONNECTION_POOL_H_
#define QUIPU_BACKENDS_POSTGRES_CONNECTION_POOL_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "backends/postgres/connection/address.h"
#include "backends/postgres/connection/connection.h"
#include "quipu/backend/thread_annotations.h"
#include "quipu/status.h"

namespace quipu::postgres {

// Whoever has had a connection tries for so long to have one again.
inline constexpr std::chrono::seconds kPatience{5};

class Pool;

class Lease {
 public:
  Lease(std::shared_ptr<Pool> pool, std::unique_ptr<Connection> connection)
      : pool_(std::move(pool)), connection_(std::move(connection)) {}
  ~Lease();
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;

  Connection* operator->() const { return connection_.get(); }
  Connection& operator*() const { return *connection_; }

 private:
  std::shared_ptr<Pool> pool_;
  std::unique_ptr<Connection> connection_;
};

class Pool : public std::enable_shared_from_this<Pool> {
 public:
  explicit Pool(const PostgresAddress& address);
  ~Pool();

  Result<Lease> take();
  // Closes what is idle; what is in use is closed when it comes back.
  void close();
  // Whether there has ever been a connection, so that one that is lost may come back.
  bool has_connected() const { return has_connected_; }
  const PostgresAddress& address() const { return address_; }

 private:
  friend class Lease;
  using Clock = std::chrono::steady_clock;
  struct Idle {
    std::unique_ptr<Connection> connection;
    Clock::time_point since;
  };

  // Waits until there may be one more; an idle one that is alive, or nothing.
  Result<std::unique_ptr<Connection>> reserve();
  void give_back(std::unique_ptr<Connection> connection);
  void leave_to_parent() QUIPU_REQUIRES(mutex_);

  const PostgresAddress address_;
  std::atomic<bool> has_connected_ = false;
  Mutex mutex_;
  std::condition_variable returned_;
  std::vector<Idle> idle_ QUIPU_GUARDED_BY(mutex_);  // the one that came back last is last
  size_t in_use_ QUIPU_GUARDED_BY(mutex_) = 0;
  bool closed_ QUIPU_GUARDED_BY(mutex_) = false;
  pid_t process_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_CONNECTION_POOL_H_
