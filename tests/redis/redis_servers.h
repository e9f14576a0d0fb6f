// Redis servers of a test program, on loopback, each with a temporary directory: one, and six as a cluster.
//
// They are started when they are first asked for, and end with the program, however it ends.

#ifndef QUIPU_TESTS_REDIS_REDIS_SERVERS_H_
#define QUIPU_TESTS_REDIS_REDIS_SERVERS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/redis/client/connection.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {

// Of loopback, and with 10,000 more, by which servers of a cluster talk to each other, free too.
int free_port();

class RedisServer {
 public:
  // On a free port, with these options of its configuration beside the usual ones.
  explicit RedisServer(std::vector<std::string> options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  int port() const { return port_; }
  std::string host_and_port() const { return "127.0.0.1:" + std::to_string(port_); }
  void start();  // again, on the same port and with the same data
  void kill();
  bool is_awake() const;  // it answers within a tenth of a second

  // The answer to a command, its parts separated by spaces; an error is text like others.
  std::string ask(const std::vector<std::string>& words) const;

 private:
  redis::Address address() const;

  TempDir directory_;
  std::vector<std::string> options_;
  int port_ = 0;
  pid_t process_ = 0;
};

// Three masters, each with a replica.
class RedisCluster {
 public:
  RedisCluster();

  // Of all servers.
  std::string hosts() const;
  // The master that has the slot of a key, and who takes its place.
  RedisServer& master_of(std::string_view key);
  std::vector<std::unique_ptr<RedisServer>>& servers() { return servers_; }

 private:
  std::vector<std::unique_ptr<RedisServer>> servers_;
};

RedisServer& redis_server();
RedisCluster& redis_cluster();

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_REDIS_REDIS_SERVERS_H_
