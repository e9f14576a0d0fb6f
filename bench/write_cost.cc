// What processor time writing takes, that of RocksDB's threads included: bench/rocksdb_builds compares
// RocksDBs by it. usage: write_cost add_documents|put_all COUNT     1,000 a call; prints seconds, until all
// is on disk

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <span>
#include <string_view>

#include "bench/workload.h"
#include "quipu/document_store.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu::bench {
namespace {

constexpr uint64_t kPerCall = 1000;

void require(const Status& status) {
  if (status.is_ok()) return;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  std::exit(3);
}

double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Gives `items` to `write`, 1,000 at a time.
template <class Item>
void in_calls(const std::vector<Item>& items, const std::function<Status(std::span<const Item>)>& write) {
  for (std::span<const Item> rest(items); !rest.empty();) {
    const size_t now = std::min<size_t>(rest.size(), kPerCall);
    require(write(rest.first(now)));
    rest = rest.subspan(now);
  }
}

// Runs `write` on a new database and closes it.
double cost(const std::function<void(const std::shared_ptr<RocksDBKVStore>&)>& write) {
  const ScratchDir directory;
  const double before = processor_seconds();
  const auto store = RocksDBKVStore::open(directory / "db");
  require(store.status());
  write(*store);
  require((*store)->close());
  return processor_seconds() - before;
}

double cost_of_add_documents(uint64_t count) {
  std::vector<NodePtr> nodes;
  for (uint64_t i = 0; i < count; ++i) {
    const auto node = BaseNode::from_json(node_json(i));
    require(node.status());
    nodes.push_back(*node);
  }
  return cost([&](const std::shared_ptr<RocksDBKVStore>& store) {
    KVDocumentStore documents(store);
    in_calls<NodePtr>(nodes, [&](std::span<const NodePtr> some) { return documents.add_documents(some); });
  });
}

double cost_of_put_all(uint64_t count) {
  std::vector<std::pair<std::string, Json>> nodes;
  for (uint64_t i = 0; i < count; ++i) nodes.emplace_back(node_id(i), node_json(i));
  std::vector<KVPair> pairs;
  for (const auto& [key, value] : nodes) pairs.push_back({key, value});
  return cost([&](const std::shared_ptr<RocksDBKVStore>& store) {
    in_calls<KVPair>(pairs, [&](std::span<const KVPair> some) {
      return store->put_all(some, DEFAULT_COLLECTION, some.size());
    });
  });
}

}  // namespace
}  // namespace quipu::bench

int main(int argc, char** argv) {
  const std::span<char*> args(argv, static_cast<size_t>(argc));
  const uint64_t count = args.size() == 3 ? std::strtoull(args[2], nullptr, 10) : 0;
  if (count > 0 && args[1] == std::string_view("add_documents")) {
    std::printf("%.3f\n", quipu::bench::cost_of_add_documents(count));
  } else if (count > 0 && args[1] == std::string_view("put_all")) {
    std::printf("%.3f\n", quipu::bench::cost_of_put_all(count));
  } else {
    std::fputs("usage: write_cost add_documents|put_all COUNT\n", stderr);
    return 2;
  }
}
