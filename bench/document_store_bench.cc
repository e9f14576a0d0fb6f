// The document store on RocksDB: bulk add, one ref doc of many nodes, open, many collections.

#include <benchmark/benchmark.h>

#include <cstdlib>

#include "bench/workload.h"
#include "quipu/document_store.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu::bench {
namespace {

void require(const Status& status) {
  if (status.is_ok()) return;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  std::abort();
}

std::shared_ptr<RocksDBKVStore> open_store(const std::string& path) {
  auto opened = RocksDBKVStore::open(path);
  require(opened.status());
  return *opened;
}

NodePtr make_node(uint64_t i, int nodes_per_ref_doc = kNodesPerRefDoc) {
  auto node = BaseNode::from_json(node_json(i, nodes_per_ref_doc));
  require(node.status());
  return *node;
}

std::vector<NodePtr> make_nodes(uint64_t count, int nodes_per_ref_doc = kNodesPerRefDoc) {
  std::vector<NodePtr> nodes;
  for (uint64_t i = 0; i < count; ++i) nodes.push_back(make_node(i, nodes_per_ref_doc));
  return nodes;
}

// Node objects, 1,000 a call, one thread.
void BM_AddDocuments(benchmark::State& state) {
  constexpr size_t kPerCall = 1000;
  const std::vector<NodePtr> nodes = make_nodes(static_cast<uint64_t>(state.range(0)));
  for (auto _ : state) {
    state.PauseTiming();
    ScratchDir directory;
    auto kv = open_store(directory / "db");
    KVDocumentStore store(kv);
    state.ResumeTiming();
    for (size_t at = 0; at < nodes.size(); at += kPerCall) {
      require(store.add_documents(std::span(nodes).subspan(at, kPerCall)));
    }
    state.PauseTiming();
    require(kv->close());
    state.ResumeTiming();
  }
  state.counters["nodes/s"] =
      benchmark::Counter(static_cast<double>(nodes.size()), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_AddDocuments)
    ->Arg(100000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Repetitions(5)
    ->UseRealTime();

// The same from JSON text, without node objects.
void BM_AddSerialized(benchmark::State& state) {
  constexpr size_t kPerCall = 1000;
  std::vector<Json> texts;
  for (int64_t i = 0; i < state.range(0); ++i) texts.push_back(node_json(static_cast<uint64_t>(i)));
  const std::vector<JsonView> nodes(texts.begin(), texts.end());
  for (auto _ : state) {
    state.PauseTiming();
    ScratchDir directory;
    auto kv = open_store(directory / "db");
    KVDocumentStore store(kv);
    state.ResumeTiming();
    for (size_t at = 0; at < nodes.size(); at += kPerCall) {
      require(store.add_serialized(std::span(nodes).subspan(at, kPerCall)));
    }
    state.PauseTiming();
    require(kv->close());
    state.ResumeTiming();
  }
  state.counters["nodes/s"] =
      benchmark::Counter(static_cast<double>(nodes.size()), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_AddSerialized)
    ->Arg(100000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Repetitions(5)
    ->UseRealTime();

// All nodes of one ref doc, one a call.
void BM_AddOneByOne(benchmark::State& state) {
  const std::vector<NodePtr> nodes = make_nodes(static_cast<uint64_t>(state.range(0)), 1 << 30);
  for (auto _ : state) {
    state.PauseTiming();
    ScratchDir directory;
    auto kv = open_store(directory / "db");
    KVDocumentStore store(kv);
    state.ResumeTiming();
    for (const NodePtr& node : nodes) require(store.add_documents(std::span(&node, 1)));
    state.PauseTiming();
    require(kv->close());
    state.ResumeTiming();
  }
}
BENCHMARK(BM_AddOneByOne)
    ->Arg(1000)
    ->Arg(8000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Repetitions(5)
    ->UseRealTime();

void BM_DeleteRefDoc(benchmark::State& state) {
  const std::vector<NodePtr> nodes = make_nodes(static_cast<uint64_t>(state.range(0)), 1 << 30);
  for (auto _ : state) {
    state.PauseTiming();
    ScratchDir directory;
    auto kv = open_store(directory / "db");
    KVDocumentStore store(kv);
    for (const NodePtr& node : nodes) require(store.add_documents(std::span(&node, 1)));
    state.ResumeTiming();
    require(store.delete_ref_doc(ref_doc_id(0, 1 << 30)));
    state.PauseTiming();
    require(kv->close());
    state.ResumeTiming();
  }
}
BENCHMARK(BM_DeleteRefDoc)
    ->Arg(1000)
    ->Arg(8000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Repetitions(5)
    ->UseRealTime();

// Open and one get. The store was closed cleanly and is in the page cache.
void BM_OpenAndGet(benchmark::State& state) {
  ScratchDir directory;
  const std::vector<NodePtr> nodes = make_nodes(static_cast<uint64_t>(state.range(0)));
  {
    auto kv = open_store(directory / "db");
    KVDocumentStore store(kv);
    for (size_t at = 0; at < nodes.size(); at += 1000) {
      require(store.add_documents(std::span(nodes).subspan(at, 1000)));
    }
    require(kv->close());
  }
  for (auto _ : state) {
    auto kv = open_store(directory / "db");
    require(KVDocumentStore(kv).get_document(node_id(0)).status());
    state.PauseTiming();
    require(kv->close());
    kv.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(BM_OpenAndGet)->Arg(100000)->Unit(benchmark::kMillisecond)->Iterations(20)->UseRealTime();

// Many collections of one key: making them, opening them again, and what they hold in memory.
void BM_Collections(benchmark::State& state) {
  const Json val = Json::from_canonical("{\"a\": 1}");
  double reopen_seconds = 0;
  double megabytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    ScratchDir directory;
    const uint64_t before = resident_bytes();
    auto kv = open_store(directory / "db");
    state.ResumeTiming();
    for (int64_t i = 0; i < state.range(0); ++i)
      require(kv->put("k", val, "collection-" + std::to_string(i)));
    state.PauseTiming();
    require(kv->close());
    kv.reset();
    const auto start = std::chrono::steady_clock::now();
    kv = open_store(directory / "db");
    require(kv->get("k", "collection-0").status());
    reopen_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (int64_t i = 0; i < state.range(0); ++i) {
      require(kv->get("k", "collection-" + std::to_string(i)).status());
    }
    megabytes = std::max(megabytes, static_cast<double>(resident_bytes() - before) / 1e6);
    require(kv->close());
    state.ResumeTiming();
  }
  state.counters["reopen_s"] = reopen_seconds / static_cast<double>(state.iterations());
  state.counters["MB"] = megabytes;
}
BENCHMARK(BM_Collections)->Arg(10000)->Unit(benchmark::kMillisecond)->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace quipu::bench
