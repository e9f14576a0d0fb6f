// PostgresAddress: what an address of this backend says, taken apart: libpq's connection URI, and in its
// query what is ours.
//
//   postgresql://user@host1,host2/db?schema=public&pool_size=20&pool_timeout=30&prepare=false&sslmode=require
//
// Ours are `schema` (public unless given), `pool_size` (connections that are open at once, of those that work
// and of those that hold locks), `pool_timeout` (seconds to wait for one), `prepare` (false: no statement is
// prepared by a name, for poolers that share sessions). All else is libpq's, its files and environment
// included. No text made here has a password.
//
// Thread-safety: as a standard container.

#ifndef QUIPU_BACKENDS_POSTGRES_CONNECTION_ADDRESS_H_
#define QUIPU_BACKENDS_POSTGRES_CONNECTION_ADDRESS_H_

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "quipu/status.h"

namespace quipu::postgres {

struct PostgresAddress {
  // `read_only`: any server of several will do, a standby too; else one that takes writes is asked for.
  // Errors: kInvalidArgument.
  static Result<PostgresAddress> parse(const std::string& address, bool read_only);

  std::vector<std::pair<std::string, std::string>> parameters;  // of libpq
  std::string schema = "public";
  size_t pool_size = 20;
  std::chrono::seconds pool_timeout{30};
  bool prepare = true;
  std::string shown;  // the address for messages
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_CONNECTION_ADDRESS_H_
