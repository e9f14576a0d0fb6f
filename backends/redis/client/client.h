// Client: commands to whichever server has a slot, until one answers.
//
// A call goes to the server of its slot; redirections are followed, a slot that moves is asked for at both
// ends, and while a server cannot be reached, loads its data or is being replaced, the call is tried again
// with growing pauses, as long as Address::retry. So a command may be carried out twice, when the answer to
// the first is lost: each is one that may (readers; scripts that know their call's number).
//
// Thread-safety: any number of threads. Errors: kIoError with the last server's address and what it said; an
// error that a server answers is a reply.

#ifndef QUIPU_BACKENDS_REDIS_CLIENT_CLIENT_H_
#define QUIPU_BACKENDS_REDIS_CLIENT_CLIENT_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "backends/redis/client/address.h"
#include "backends/redis/client/command.h"
#include "backends/redis/client/script.h"
#include "backends/redis/client/topology.h"
#include "quipu/status.h"

namespace quipu::redis {

class Client {
 public:
  // Asks the servers of the address; not again and again. Errors: kIoError where none answers;
  // kInvalidArgument where it refuses the password, the database, or is a cluster and has no such database.
  static Result<std::unique_ptr<Client>> open(Address address);

  // Commands of one slot, sent together; their replies in order.
  Result<std::vector<Reply>> run(uint16_t slot, std::span<const Command* const> commands);
  Result<Reply> run(uint16_t slot, const Command& command);
  // `call`: script.call() with keys and arguments.
  Result<Reply> run(uint16_t slot, const Script& script, const Command& call);
  // The same, tried for no longer than one answer may take.
  Result<Reply> run_briefly(uint16_t slot, const Script& script, const Command& call);

  // Calls `use` with a connection to each master. Errors: its own, and where a master cannot be reached.
  Status on_each_master(const std::function<Status(Connection&)>& use);

  bool is_cluster() const { return topology_.is_cluster(); }
  const Address& address() const { return address_; }
  // Every later call fails.
  void close() { closed_ = true; }

 private:
  class Call;
  explicit Client(Address address) : address_(std::move(address)), topology_(address_) {}
  Result<Reply> run_one(uint16_t slot, const Command& command, const Script* script,
                        std::chrono::milliseconds patience);

  const Address address_;
  Topology topology_;
  std::atomic<bool> closed_ = false;
};

// kIoError, or kInvalidArgument where a key is of another type, with the server's words.
Status error_of(const redisReply& reply);

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CLIENT_CLIENT_H_
