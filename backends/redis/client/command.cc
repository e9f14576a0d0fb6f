#include "backends/redis/client/command.h"

#include <charconv>

namespace quipu::redis {

Command& Command::add(std::string_view argument) {
  char length[24];
  const auto end = std::to_chars(std::begin(length), std::end(length), argument.size()).ptr;
  ++arguments_;
  body_ += '$';
  body_.append(length, end);
  body_ += "\r\n";
  body_ += argument;
  body_ += "\r\n";
  return *this;
}

}  // namespace quipu::redis
