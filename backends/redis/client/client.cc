#include "backends/redis/client/client.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "quipu/backend/backoff.h"

namespace quipu::redis {
namespace {

using std::chrono::steady_clock;

bool begins(const redisReply& reply, std::string_view word) {
  return is_error(reply) && text_of(reply).starts_with(word);
}

// What a server says when the same may work elsewhere or a little later.
bool is_passing(const redisReply& reply) {
  static constexpr std::string_view kPassing[] = {"CLUSTERDOWN", "TRYAGAIN", "LOADING", "MASTERDOWN",
                                                  "BUSY "};
  return std::ranges::any_of(kPassing, [&](std::string_view word) { return begins(reply, word); });
}

// Of "MOVED 866 127.0.0.1:7101", or ASK: where to. An empty host is that of who says so.
std::optional<Endpoint> target_of(std::string_view error, const Endpoint& from) {
  const size_t space = error.rfind(' ');
  const size_t colon = error.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space) return {};
  Endpoint target;
  target.host = error.substr(space + 1, colon - space - 1);
  if (target.host.empty()) target.host = from.host;
  const std::string_view port = error.substr(colon + 1);
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), target.port);
  if (failed != std::errc() || end != port.data() + port.size()) return {};
  return target;
}

}  // namespace

Status error_of(const redisReply& reply) {
  const std::string text(text_of(reply));
  if (text.find("WRONGTYPE") != std::string::npos) return Status::invalid_argument("Redis: " + text);
  return Status::io_error("Redis: " + text);
}

// One call, over all tries of it.
class Client::Call {
 public:
  Call(Client& client, uint16_t slot, std::span<const Command* const> commands, const Script* script,
       std::chrono::milliseconds patience)
      : client_(client),
        slot_(slot),
        commands_(commands),
        script_(script),
        patience_(patience),
        deadline_(steady_clock::now() + patience),
        backoff_(patience) {}

  Result<std::vector<Reply>> run() {
    while (true) {
      if (client_.closed_) return Status::invalid_argument("the store is closed");
      version_ = client_.topology_.version();
      QUIPU_RETURN_IF_ERROR(attempt());
      if (next_ == Next::kDone) return std::move(replies_);
      if (next_ == Next::kAtOnce && ++hurried_ <= kMaxHurried) continue;
      if (!backoff_.wait()) {
        return Status::io_error(last_.message() + " (tried for " + std::to_string(patience_.count() / 1000) +
                                " s)");
      }
      const Status refreshed = client_.topology_.refresh(version_, deadline_);
      if (!refreshed.is_ok()) last_ = refreshed;
    }
  }

 private:
  static constexpr int kMaxHurried = 16;  // then redirections and closed connections are waited out, too
  enum class Next { kDone, kAtOnce, kLater };

  // Errors: those for which no further try is made.
  Status attempt() {
    next_ = Next::kLater;
    Server* const server = asked_ ? &client_.topology_.at(*asked_) : client_.topology_.of_slot(slot_);
    const bool asking = std::exchange(asked_, std::nullopt).has_value();
    if (server == nullptr) {
      last_ = Status::io_error("no server of the cluster has slot " + std::to_string(slot_));
      return Status::ok();
    }
    Result<Server::Lease> lease = server->take(deadline_);
    if (!lease) {
      last_ = lease.error();
      return last_.code() == StatusCode::kIoError ? Status::ok() : last_;
    }
    const bool was_used = (*lease)->was_used();
    Result<std::vector<Reply>> replies = exchange(**lease, asking);
    if (!replies) {
      lease->drop();
      server->forget_idle();
      if (was_used) next_ = Next::kAtOnce;  // it may have been closed while nobody used it
      last_ = replies.error();
      return Status::ok();
    }
    replies_ = *std::move(replies);
    judge(server->endpoint());
    return Status::ok();
  }

  Result<std::vector<Reply>> exchange(Connection& connection, bool asking) {
    QUIPU_ASSIGN_OR_RETURN(std::vector<Reply> replies, send(connection, asking));
    if (script_ == nullptr || !begins(*replies.front(), "NOSCRIPT")) return replies;
    Command load("SCRIPT");
    load.add("LOAD").add(script_->text());
    QUIPU_ASSIGN_OR_RETURN(Reply loaded, connection.exchange(load));
    if (!is_error(*loaded)) return send(connection, asking);
    replies.front() = std::move(loaded);
    return replies;
  }

  Result<std::vector<Reply>> send(Connection& connection, bool asking) {
    if (!asking) return connection.exchange(commands_);
    static const Command kAsking("ASKING");
    std::vector<const Command*> sent;
    for (const Command* const command : commands_) sent.insert(sent.end(), {&kAsking, command});
    QUIPU_ASSIGN_OR_RETURN(std::vector<Reply> replies, connection.exchange(sent));
    for (size_t i = 0; i < commands_.size(); ++i) replies[i] = std::move(replies[2 * i + 1]);
    replies.resize(commands_.size());
    return replies;
  }

  // What comes of the replies.
  void judge(const Endpoint& from) {
    next_ = Next::kDone;
    for (const Reply& reply : replies_) {
      if (!is_error(*reply)) continue;
      const std::string_view text = text_of(*reply);
      const bool moved = text.starts_with("MOVED ");
      if (moved || text.starts_with("ASK ")) {
        const std::optional<Endpoint> target = target_of(text, from);
        if (!target) return;
        if (moved) {
          client_.topology_.set_slot(slot_, *target);
        } else {
          asked_ = target;
        }
        next_ = Next::kAtOnce;
      } else if (is_passing(*reply) || (client_.is_cluster() && text.starts_with("READONLY"))) {
        next_ = Next::kLater;
      } else {
        continue;
      }
      last_ = Status::io_error(from.to_string() + ": " + std::string(text));
      return;
    }
  }

  Client& client_;
  const uint16_t slot_;
  const std::span<const Command* const> commands_;
  const Script* const script_;
  const std::chrono::milliseconds patience_;
  const Deadline deadline_;
  Backoff backoff_;
  uint64_t version_ = 0;  // of the topology that this try goes by
  int hurried_ = 0;
  std::optional<Endpoint> asked_;
  Next next_ = Next::kLater;
  std::vector<Reply> replies_;
  Status last_;
};

Result<std::unique_ptr<Client>> Client::open(Address address) {
  std::unique_ptr<Client> client(new Client(std::move(address)));
  const Deadline deadline = steady_clock::now() + client->address_.retry;
  QUIPU_RETURN_IF_ERROR(client->topology_.refresh(0, deadline));
  if (client->is_cluster() && client->address_.database != 0) {
    return Status::invalid_argument("a Redis Cluster has database 0 alone, not " +
                                    std::to_string(client->address_.database));
  }
  return client;
}

Result<Reply> Client::run_one(uint16_t slot, const Command& command, const Script* script,
                              std::chrono::milliseconds patience) {
  const Command* const one = &command;
  Call call(*this, slot, std::span<const Command* const>(&one, 1), script, patience);
  QUIPU_ASSIGN_OR_RETURN(std::vector<Reply> replies, call.run());
  return std::move(replies.front());
}

Result<std::vector<Reply>> Client::run(uint16_t slot, std::span<const Command* const> commands) {
  return Call(*this, slot, commands, nullptr, address_.retry).run();
}

Result<Reply> Client::run(uint16_t slot, const Command& command) {
  return run_one(slot, command, nullptr, address_.retry);
}

Result<Reply> Client::run(uint16_t slot, const Script& script, const Command& call) {
  return run_one(slot, call, &script, address_.retry);
}

Result<Reply> Client::run_briefly(uint16_t slot, const Script& script, const Command& call) {
  return run_one(slot, call, &script, std::min(address_.timeout, address_.retry));
}

Status Client::on_each_master(const std::function<Status(Connection&)>& use) {
  if (closed_) return Status::invalid_argument("the store is closed");
  const Deadline deadline = steady_clock::now() + address_.retry;
  QUIPU_RETURN_IF_ERROR(topology_.refresh(topology_.version(), deadline));
  for (Server* const server : topology_.masters()) {
    QUIPU_ASSIGN_OR_RETURN(Server::Lease lease, server->take(deadline));
    const Status used = use(*lease);
    if (!used.is_ok()) {
      lease.drop();
      return used;
    }
  }
  return Status::ok();
}

}  // namespace quipu::redis
