// What an address of Redis says:
//
//   redis://[[user]:password@]host[:port][,host[:port]...][/database][?name=value&...]
//
// Several hosts are servers of one cluster, any of which tells of the others. rediss:// is TLS (tls.h).
// Everything but the hosts may be percent-encoded.

#ifndef QUIPU_BACKENDS_REDIS_CLIENT_ADDRESS_H_
#define QUIPU_BACKENDS_REDIS_CLIENT_ADDRESS_H_

#include <chrono>
#include <compare>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/redis/client/tls.h"
#include "quipu/status.h"

namespace quipu::redis {

struct Endpoint {
  std::string host;
  int port = 6379;

  std::string to_string() const;  // "host:port"
  auto operator<=>(const Endpoint&) const = default;
};

struct Address {
  std::vector<Endpoint> endpoints;
  std::shared_ptr<const Tls> tls;  // null: none
  std::string user;
  std::string password;
  int database = 0;
  std::string name_space;                   // ?namespace=
  std::chrono::milliseconds timeout{5000};  // ?timeout=SECONDS: for one answer, and to connect
  std::chrono::milliseconds retry{30000};   // ?retry=SECONDS: how long a call waits for a server to come back
  size_t connections = 8;                   // ?connections=: at most so many to a server

  // `rest` is the address without its scheme and colon. Errors: kInvalidArgument, without the password; those
  // of Tls::make().
  static Result<Address> parse(std::string_view rest, bool tls);
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CLIENT_ADDRESS_H_
