// Connection: one connection to one server, logged in.
//
// Thread-safety: one thread at a time. Errors: kIoError with the server's address and what the system says;
// the connection is of no use then.

#ifndef QUIPU_BACKENDS_REDIS_CLIENT_CONNECTION_H_
#define QUIPU_BACKENDS_REDIS_CLIENT_CONNECTION_H_

#include <hiredis/hiredis.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/redis/client/address.h"
#include "backends/redis/client/command.h"
#include "quipu/status.h"

namespace quipu::redis {

class Connection {
 public:
  // Over TLS, if the address says so. Errors: kIoError; kInvalidArgument where the server refuses the user or
  // the database.
  static Result<std::unique_ptr<Connection>> open(const Endpoint& endpoint, const Address& address);

  // Sends all commands at once, then reads all answers. Errors of the server are replies like others.
  Result<std::vector<Reply>> exchange(std::span<const Command* const> commands);
  Result<Reply> exchange(const Command& command);

  const Endpoint& endpoint() const { return endpoint_; }
  bool was_used() const { return was_used_; }  // before: the server may have closed it since

 private:
  struct FreeContext {
    void operator()(redisContext* context) const { redisFree(context); }
  };

  Connection(const Endpoint& endpoint, redisContext* context) : endpoint_(endpoint), context_(context) {}
  Status log_in(const Address& address);
  Status failure() const;
  Status failure(const Status& tls_failed) const;
  // What is exchanged over TLS; hiredis reads the replies alone.
  Status send(std::span<const Command* const> commands);
  Result<Reply> receive();

  Endpoint endpoint_;
  std::unique_ptr<redisContext, FreeContext> context_;
  std::unique_ptr<TlsSession> tls_;  // null: none
  bool was_used_ = false;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CLIENT_CONNECTION_H_
