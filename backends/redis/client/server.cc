#include "backends/redis/client/server.h"

#include <unistd.h>

#include <string>
#include <utility>

namespace quipu::redis {

Result<Server::Lease> Server::take(Deadline deadline) {
  {
    MutexLock lock(mutex_);
    if (process_ != ::getpid()) {  // a child of fork() has the parent's connections, which it must not use
      idle_.clear();
      open_ = 0;
      process_ = ::getpid();
    }
    while (idle_.empty() && open_ >= address_.connections) {
      if (returned_.wait_until(lock.native(), deadline) == std::cv_status::timeout) {
        return Status::busy(endpoint_.to_string() + ": all " + std::to_string(address_.connections) +
                            " connections are in use");
      }
    }
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(connection));
    }
    ++open_;
  }
  Result<std::unique_ptr<Connection>> made = Connection::open(endpoint_, address_);
  if (made) return Lease(*this, *std::move(made));
  give_back(nullptr);
  return made.error();
}

void Server::give_back(std::unique_ptr<Connection> connection) {
  const MutexLock lock(mutex_);
  if (connection != nullptr) {
    idle_.push_back(std::move(connection));
  } else if (open_ > 0) {
    --open_;
  }
  returned_.notify_one();
}

void Server::forget_idle() {
  const MutexLock lock(mutex_);
  open_ -= idle_.size();
  idle_.clear();
}

}  // namespace quipu::redis
