// The suite's backends: a database of one server each, without a namespace, and a namespace of a cluster.

#include <map>
#include <string>

#include "quipu/open_store.h"
#include "tests/conformance/conformance.h"
#include "tests/redis/redis_servers.h"

namespace quipu::testing {
namespace {

// A number for each directory.
int number_of(const std::string& directory) {
  static std::map<std::string, int> numbers;
  return numbers.try_emplace(directory, static_cast<int>(numbers.size()) + 1).first->second;
}

Result<std::shared_ptr<BaseKVStore>> open_database(const std::string& directory) {
  return open_store("redis://" + redis_server().host_and_port() + "/" + std::to_string(number_of(directory)));
}

Result<std::shared_ptr<BaseKVStore>> open_namespace(const std::string& directory) {
  return open_store("redis://" + redis_cluster().hosts() + "/?namespace={test" +
                    std::to_string(number_of(directory)) + "}");
}

QUIPU_CONFORMANCE(Redis, open_database);
QUIPU_CONFORMANCE(RedisCluster, open_namespace);

}  // namespace
}  // namespace quipu::testing
