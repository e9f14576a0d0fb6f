// The vector store on RocksDB: 100,000 vectors of 384 numbers.

#include "quipu/vector_store.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>

#include "bench/workload.h"
#include "quipu/bulk_load.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu::bench {
namespace {

constexpr uint64_t kVectors = 100000;
constexpr int kDimensions = 384;
constexpr uint64_t kQueries = 1000000;  // the first number of a query's vector

void require(const Status& status) {
  if (status.is_ok()) return;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  std::abort();
}

// A database with the workload's vectors, made once for all benchmarks of the run.
const ScratchDir& database() {
  static const ScratchDir directory;
  static const bool made = [] {
    write_persist_dir(directory / "persist", kVectors, kDimensions);
    const auto store = *RocksDBKVStore::open(directory / "db");
    require(import_persist_dir(directory / "persist", *store).status());
    require(store->close());
    return true;
  }();
  (void)made;
  return directory;
}

VectorStoreQuery top_10(uint64_t i) {
  return {.query_embedding = vector_of(kQueries + i, kDimensions), .similarity_top_k = 10};
}

struct Opened {
  std::shared_ptr<RocksDBKVStore> kv = *RocksDBKVStore::open(database() / "db");
  KVVectorStore vectors{kv};
  ~Opened() { require(kv->close()); }
};

void BM_Query(benchmark::State& state) {
  Opened store;
  require(store.vectors.query(top_10(0)).status());
  uint64_t i = 0;
  for (auto _ : state) require(store.vectors.query(top_10(++i % 100)).status());
}
BENCHMARK(BM_Query)->Unit(benchmark::kMillisecond)->Iterations(50)->Repetitions(5)->UseRealTime();

// 100 queries in one call.
void BM_QueryAll(benchmark::State& state) {
  Opened store;
  std::vector<VectorStoreQuery> queries;
  for (uint64_t i = 0; i < 100; ++i) queries.push_back(top_10(i));
  require(store.vectors.query_all(queries).status());
  for (auto _ : state) require(store.vectors.query_all(queries).status());
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(BM_QueryAll)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(5)
    ->Repetitions(5)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

// The same where the index may not be held: all vectors are read from disk.
void BM_StreamedQuery(benchmark::State& state) {
  RocksDBOptions options;
  options.search_memory_bytes = 1 << 20;
  const auto kv = *RocksDBKVStore::open(database() / "db", options);
  {
    const KVVectorStore vectors(kv);
    require(vectors.query(top_10(0)).status());
    uint64_t i = 0;
    for (auto _ : state) require(vectors.query(top_10(++i % 100)).status());
  }
  require(kv->close());
}
BENCHMARK(BM_StreamedQuery)->Unit(benchmark::kMillisecond)->Iterations(3)->Repetitions(5)->UseRealTime();

// A filter that one node in `state.range(0)` passes: by page, of which there are 400, or by document.
void BM_FilteredQuery(benchmark::State& state) {
  Opened store;
  const int64_t one_in = state.range(0);
  std::vector<std::string> values;
  for (int64_t i = 0; i < (one_in == 20 ? 20 : 5); ++i)
    values.push_back(ref_doc_id(static_cast<uint64_t>(i) * 20));
  MetadataFilter filter{"page", Json::from_int(20), FilterOperator::LT};
  if (one_in == 1000) {
    std::string list = "[";
    for (const std::string& value : values) list += (list.size() > 1 ? ", \"" : "\"") + value + ".md\"";
    filter = {"file_name", Json::from_canonical(list + "]"), FilterOperator::IN};
  }
  VectorStoreQuery query = top_10(0);
  query.filters = MetadataFilters{{filter}};
  const auto first = store.vectors.query(query);
  require(first.status());
  uint64_t i = 0;
  for (auto _ : state) {
    query.query_embedding = vector_of(kQueries + ++i % 100, kDimensions);
    require(store.vectors.query(query).status());
  }
}
BENCHMARK(BM_FilteredQuery)
    ->Arg(20)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(50)
    ->Repetitions(5)
    ->UseRealTime();

void BM_FirstQuery(benchmark::State& state) {
  database();
  for (auto _ : state) {
    state.PauseTiming();
    {
      const auto kv = *RocksDBKVStore::open(database() / "db");
      state.ResumeTiming();
      require(KVVectorStore(kv).query(top_10(0)).status());
      state.PauseTiming();
      require(kv->close());
    }
    state.ResumeTiming();
  }
}
BENCHMARK(BM_FirstQuery)->Unit(benchmark::kMillisecond)->Iterations(1)->Repetitions(5)->UseRealTime();

// The query behind 1,000 adds and 1,000 deletes.
void BM_QueryAfterChanges(benchmark::State& state) {
  Opened store;
  require(store.vectors.query(top_10(0)).status());
  uint64_t round = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<std::shared_ptr<const BaseNode>> nodes;
    std::vector<std::string> ids;
    for (uint64_t i = 0; i < 1000; ++i) {
      const uint64_t number = kVectors + round * 1000 + i;
      nodes.push_back(
          *TextNodeBuilder().id(node_id(number)).text("t").embedding(vector_of(number, kDimensions)).build());
      ids.push_back(node_id(number));
    }
    require(store.vectors.add(nodes).status());
    require(store.vectors.delete_nodes(ids));
    ++round;
    state.ResumeTiming();
    require(store.vectors.query(top_10(round)).status());
  }
}
BENCHMARK(BM_QueryAfterChanges)->Unit(benchmark::kMillisecond)->Iterations(3)->Repetitions(3)->UseRealTime();

}  // namespace
}  // namespace quipu::bench
