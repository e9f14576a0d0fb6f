// Server: one Redis server and the connections to it, each of which serves one call at a time.
//
// Thread-safety: any number of threads. In a child of fork() the parent's connections are left alone.

#ifndef QUIPU_BACKENDS_REDIS_CLIENT_SERVER_H_
#define QUIPU_BACKENDS_REDIS_CLIENT_SERVER_H_

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <vector>

#include "backends/redis/client/address.h"
#include "backends/redis/client/connection.h"
#include "quipu/backend/thread_annotations.h"
#include "quipu/status.h"

namespace quipu::redis {

using Deadline = std::chrono::steady_clock::time_point;

class Server {
 public:
  Server(Endpoint endpoint, const Address& address) : endpoint_(std::move(endpoint)), address_(address) {}

  // A connection for one call; it goes back to its server, or goes if it is broken.
  class Lease {
   public:
    Lease(Server& server, std::unique_ptr<Connection> connection)
        : server_(&server), connection_(std::move(connection)) {}
    ~Lease() {
      if (server_ != nullptr) server_->give_back(std::move(connection_));
    }
    Lease(Lease&& other) noexcept
        : server_(std::exchange(other.server_, nullptr)), connection_(std::move(other.connection_)) {}
    Lease& operator=(Lease&&) = delete;

    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }
    void drop() { connection_.reset(); }

   private:
    Server* server_;
    std::unique_ptr<Connection> connection_;
  };

  // An idle connection, or a new one; waits while as many as are allowed are in use. Errors: those of
  // Connection::open(); kBusy at the deadline.
  Result<Lease> take(Deadline deadline);
  // Closes those that are not in use: what has closed one of them may have closed all.
  void forget_idle();

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  void give_back(std::unique_ptr<Connection> connection);

  const Endpoint endpoint_;
  const Address& address_;
  Mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_ QUIPU_GUARDED_BY(mutex_);
  size_t open_ QUIPU_GUARDED_BY(mutex_) = 0;  // idle ones among them
  pid_t process_ QUIPU_GUARDED_BY(mutex_) = 0;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CLIENT_SERVER_H_
