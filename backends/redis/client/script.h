// Script: a program in Lua that a server runs over the keys of one slot, as one step.

#ifndef QUIPU_BACKENDS_REDIS_CLIENT_SCRIPT_H_
#define QUIPU_BACKENDS_REDIS_CLIENT_SCRIPT_H_

#include <string>
#include <string_view>

#include "backends/redis/client/command.h"

namespace quipu::redis {

class Script {
 public:
  explicit Script(std::string_view text);

  // The command that runs it, over so many keys: they are to be added, then its arguments.
  Command call(size_t keys) const;
  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
  std::string sha1_;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CLIENT_SCRIPT_H_
