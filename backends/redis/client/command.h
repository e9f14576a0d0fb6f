// Command: the text of one command, as Redis reads it. Reply: what it answers.
//
//   Command command("HGET");
//   command.add(hash).add(key);
//
// Thread-safety: one thread at a time.

#ifndef QUIPU_BACKENDS_REDIS_CLIENT_COMMAND_H_
#define QUIPU_BACKENDS_REDIS_CLIENT_COMMAND_H_

#include <hiredis/hiredis.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace quipu::redis {

class Command {
 public:
  explicit Command(std::string_view name) { add(name); }

  Command& add(std::string_view argument);
  Command& add(uint64_t number) { return add(std::string_view(std::to_string(number))); }

  std::string head() const { return "*" + std::to_string(arguments_) + "\r\n"; }
  const std::string& body() const { return body_; }

 private:
  size_t arguments_ = 0;
  std::string body_;
};

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

inline std::string_view text_of(const redisReply& reply) {
  return {reply.str, static_cast<size_t>(reply.len)};
}
inline bool is_error(const redisReply& reply) { return reply.type == REDIS_REPLY_ERROR; }
inline bool is_nil(const redisReply& reply) { return reply.type == REDIS_REPLY_NIL; }
// Nothing where the reply is no array.
inline std::span<redisReply* const> elements_of(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ARRAY ? std::span<redisReply* const>(reply.element, reply.elements)
                                         : std::span<redisReply* const>();
}

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CLIENT_COMMAND_H_
