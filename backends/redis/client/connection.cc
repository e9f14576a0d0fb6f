#include "backends/redis/client/connection.h"

#include <sys/time.h>

#include <array>
#include <cerrno>
#include <utility>

#include "backends/redis/client/sigpipe_guard.h"

namespace quipu::redis {
namespace {

constexpr size_t kReadBytes = 16 << 10;  // as many as TLS has in a record

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const Endpoint& endpoint, const Address& address) {
  const timeval timeout = {static_cast<time_t>(address.timeout.count() / 1000),
                           static_cast<suseconds_t>(address.timeout.count() % 1000 * 1000)};
  redisContext* const context = redisConnectWithTimeout(endpoint.host.c_str(), endpoint.port, timeout);
  if (context == nullptr) return Status::io_error(endpoint.to_string() + ": out of memory");
  std::unique_ptr<Connection> connection(new Connection(endpoint, context));
  if (context->err != 0) return connection->failure();
  if (redisSetTimeout(context, timeout) != REDIS_OK) return connection->failure();
  redisEnableKeepAlive(context);
  if (address.tls != nullptr) {
    const SigpipeGuard guard;
    Result<std::unique_ptr<TlsSession>> session = address.tls->connect(context->fd, endpoint.host);
    if (!session) return connection->failure(session.error());
    connection->tls_ = *std::move(session);
  }
  QUIPU_RETURN_IF_ERROR(connection->log_in(address));
  return connection;
}

Status Connection::log_in(const Address& address) {
  const auto must_take = [&](const Command& command, std::string_view what) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const Reply reply, exchange(command));
    if (!is_error(*reply)) return Status::ok();
    if (text_of(*reply).starts_with("LOADING")) {
      return Status::io_error(endpoint_.to_string() + ": " + std::string(text_of(*reply)));
    }
    return Status::invalid_argument(endpoint_.to_string() + " refuses the " + std::string(what) + ": " +
                                    std::string(text_of(*reply)));
  };
  if (!address.password.empty()) {
    Command auth("AUTH");
    if (!address.user.empty()) auth.add(address.user);
    QUIPU_RETURN_IF_ERROR(must_take(auth.add(address.password), "password"));
  }
  if (address.database != 0) {
    Command select("SELECT");
    QUIPU_RETURN_IF_ERROR(must_take(select.add(static_cast<uint64_t>(address.database)), "database"));
  }
  was_used_ = false;
  return Status::ok();
}

Status Connection::send(std::span<const Command* const> commands) {
  if (tls_ != nullptr) {
    std::string bytes;
    for (const Command* const command : commands) (bytes += command->head()) += command->body();
    const Status written = tls_->write(bytes);
    return written.is_ok() ? written : failure(written);
  }
  for (const Command* const command : commands) {
    const std::string head = command->head();
    if (redisAppendFormattedCommand(context_.get(), head.data(), head.size()) != REDIS_OK ||
        redisAppendFormattedCommand(context_.get(), command->body().data(), command->body().size()) !=
            REDIS_OK) {
      return failure();
    }
  }
  return Status::ok();
}

Result<Reply> Connection::receive() {
  void* reply = nullptr;
  if (tls_ == nullptr) {
    if (redisGetReply(context_.get(), &reply) != REDIS_OK) return failure();
    return Reply(static_cast<redisReply*>(reply));
  }
  std::array<char, kReadBytes> buffer;
  while (true) {
    if (redisGetReplyFromReader(context_.get(), &reply) != REDIS_OK) return failure();
    if (reply != nullptr) return Reply(static_cast<redisReply*>(reply));
    const Result<size_t> got = tls_->read(buffer.data(), buffer.size());
    if (!got) return failure(got.error());
    if (redisReaderFeed(context_->reader, buffer.data(), *got) != REDIS_OK) return failure();
  }
}

Result<std::vector<Reply>> Connection::exchange(std::span<const Command* const> commands) {
  const SigpipeGuard guard;
  QUIPU_RETURN_IF_ERROR(send(commands));
  std::vector<Reply> replies;
  replies.reserve(commands.size());
  for (size_t i = 0; i < commands.size(); ++i) {
    QUIPU_ASSIGN_OR_RETURN(Reply reply, receive());
    replies.push_back(std::move(reply));
  }
  was_used_ = true;
  return replies;
}

Result<Reply> Connection::exchange(const Command& command) {
  const Command* const one = &command;
  QUIPU_ASSIGN_OR_RETURN(std::vector<Reply> replies, exchange(std::span<const Command* const>(&one, 1)));
  return std::move(replies.front());
}

Status Connection::failure(const Status& tls_failed) const {
  return Status::io_error(endpoint_.to_string() + ": " + tls_failed.message());
}

Status Connection::failure() const {
  const bool timed_out = context_->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);
  return Status::io_error(endpoint_.to_string() + ": " +
                          (timed_out ? "no answer in time" : static_cast<const char*>(context_->errstr)));
}

}  // namespace quipu::redis
