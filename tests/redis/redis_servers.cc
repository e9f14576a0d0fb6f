#include "tests/redis/redis_servers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <random>
#include <sstream>
#include <thread>

#include "backends/redis/client/slot.h"

namespace quipu::testing {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);

bool is_free(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return free;
}

void wait_until(const std::string& what, const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "waited too long: " << what;
      std::abort();  // nothing of the program can go on
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // until the next look
  }
}

void append(const redisReply& reply, std::string& text) {
  if (!text.empty()) text += ' ';
  if (reply.type == REDIS_REPLY_INTEGER) {
    text += std::to_string(reply.integer);
  } else if (reply.type == REDIS_REPLY_ARRAY) {
    for (const redisReply* const element : redis::elements_of(reply)) append(*element, text);
  } else {
    text += redis::text_of(reply);
  }
}

}  // namespace

int free_port() {
  static std::mt19937 random{std::random_device{}()};
  while (true) {
    const int port = 10'000 + static_cast<int>(random() % 20'000);
    if (is_free(port) && is_free(port + 10'000)) return port;
  }
}

RedisServer::RedisServer(std::vector<std::string> options)
    : options_(std::move(options)), port_(free_port()) {
  start();
}

RedisServer::~RedisServer() { kill(); }

redis::Address RedisServer::address() const {
  redis::Address address;
  address.endpoints.push_back({"127.0.0.1", port_});
  return address;
}

void RedisServer::start() {
  std::vector<std::string> words = {"redis-server",
                                    "--port",
                                    std::to_string(port_),
                                    "--bind",
                                    "127.0.0.1",
                                    "--dir",
                                    directory_.path(),
                                    "--logfile",
                                    directory_ / "log",
                                    "--save",
                                    "",
                                    "--appendonly",
                                    "no",
                                    "--databases",
                                    "10000",
                                    "--enable-debug-command",
                                    "local"};
  words.insert(words.end(), options_.begin(), options_.end());
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  wait_until("redis-server to start", [&] {
    const std::string answer = ask({"PING"});
    return answer == "PONG" || answer.starts_with("NOAUTH");
  });
}

void RedisServer::kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
}

bool RedisServer::is_awake() const {
  redis::Address impatient = address();
  impatient.timeout = std::chrono::milliseconds(100);
  const auto connection = redis::Connection::open(impatient.endpoints.front(), impatient);
  return connection && (*connection)->exchange(redis::Command("PING")).has_value();
}

std::string RedisServer::ask(const std::vector<std::string>& words) const {
  const auto connection = redis::Connection::open(address().endpoints.front(), address());
  if (!connection) return connection.error().message();
  redis::Command command(words.front());
  for (size_t i = 1; i < words.size(); ++i) command.add(words[i]);
  const auto reply = (*connection)->exchange(command);
  if (!reply) return reply.error().message();
  std::string text;
  append(**reply, text);
  return text;
}

RedisCluster::RedisCluster() {
  for (int i = 0; i < 6; ++i) {
    servers_.push_back(std::make_unique<RedisServer>(std::vector<std::string>{
        "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"}));
  }
  for (size_t i = 0; i < 3; ++i) {
    const size_t first = i * redis::kSlots / 3;
    const size_t last = (i + 1) * redis::kSlots / 3 - 1;
    servers_[i]->ask({"CLUSTER", "ADDSLOTSRANGE", std::to_string(first), std::to_string(last)});
    servers_[i]->ask({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
  }
  for (size_t i = 1; i < 6; ++i) {
    servers_[i]->ask({"CLUSTER", "MEET", "127.0.0.1", std::to_string(servers_[0]->port())});
  }
  const auto all_say = [&](const std::vector<std::string>& question, const std::string& answer) {
    for (const auto& server : servers_) {
      if (server->ask(question).find(answer) == std::string::npos) return false;
    }
    return true;
  };
  wait_until("the servers to meet", [&] { return all_say({"CLUSTER", "INFO"}, "cluster_known_nodes:6"); });
  for (size_t i = 3; i < 6; ++i) {
    const std::string master = servers_[i - 3]->ask({"CLUSTER", "MYID"});
    wait_until("a replica", [&] { return servers_[i]->ask({"CLUSTER", "REPLICATE", master}) == "OK"; });
  }
  wait_until("the replicas", [&] {
    for (size_t i = 3; i < 6; ++i) {
      if (servers_[i]->ask({"INFO", "replication"}).find("master_link_status:up") == std::string::npos) {
        return false;
      }
    }
    return all_say({"CLUSTER", "INFO"}, "cluster_state:ok");
  });
  // Each knows of each replica, so that any can tell of it.
  wait_until("all to know", [&] {
    for (const auto& server : servers_) {
      std::istringstream nodes(server->ask({"CLUSTER", "NODES"}));
      int replicas = 0;
      for (std::string line; std::getline(nodes, line);) replicas += line.find("slave") != std::string::npos;
      if (replicas != 3) return false;
    }
    return true;
  });
}

std::string RedisCluster::hosts() const {
  std::string hosts;
  for (const auto& server : servers_) hosts += (hosts.empty() ? "" : ",") + server->host_and_port();
  return hosts;
}

RedisServer& RedisCluster::master_of(std::string_view key) {
  const std::string slot = std::to_string(redis::slot_of(key));
  RedisServer* master = nullptr;
  wait_until("a master of slot " + slot, [&] {
    for (const auto& server : servers_) {
      // A master has the slot, if it does not send elsewhere who asks for the key.
      if (server->ask({"GET", std::string(key)}).empty() || server->ask({"ROLE"}).starts_with("master")) {
        if (server->ask({"GET", std::string(key)}).empty()) master = server.get();
      }
    }
    return master != nullptr;
  });
  return *master;
}

RedisServer& redis_server() {
  static RedisServer server;
  return server;
}

RedisCluster& redis_cluster() {
  static RedisCluster cluster;
  return cluster;
}

}  // namespace quipu::testing
