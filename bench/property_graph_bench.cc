// get_rel_map of a property graph on RocksDB: two steps from five nodes, in a small and in a large graph
// whose nodes have ten edges each.

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>

#include "bench/workload.h"
#include "quipu/property_graph_store.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu::bench {
namespace {

constexpr int64_t kDegree = 10;

void require(const Status& status) {
  if (status.is_ok()) return;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  std::abort();
}

std::string name(int64_t i) { return "n" + std::to_string(i); }

void fill(KVPropertyGraphStore& graph, int64_t edges) {
  const int64_t nodes = edges / kDegree;
  std::vector<Relation> relations;
  for (int64_t i = 0; i < nodes; ++i) {
    for (int64_t j = 0; j < kDegree; ++j)
      relations.emplace_back("r", name(i), name((i * 7 + j * 13 + 1) % nodes));
    if (relations.size() < 1000 && i + 1 < nodes) continue;
    require(graph.upsert_relations(relations));
    relations.clear();
  }
}

void BM_RelMap(benchmark::State& state) {
  ScratchDir directory;
  const auto kv = *RocksDBKVStore::open(directory / "db");
  KVPropertyGraphStore graph(kv);
  fill(graph, state.range(0));
  require(kv->compact());
  std::vector<LabelledNode> seeds;
  for (int64_t i = 0; i < 5; ++i) seeds.push_back(LabelledNode::entity(name(i)));
  for (auto _ : state) require(graph.get_rel_map(seeds, 2).status());
  require(kv->close());
}
BENCHMARK(BM_RelMap)
    ->Arg(4000)
    ->Arg(400000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3000)
    ->Repetitions(5)
    ->UseRealTime();

}  // namespace
}  // namespace quipu::bench
