// Approximate search of a vector store beside hnswlib itself: the same vectors, the same parameters.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "bench/hnsw_baseline.h"
#include "bench/workload.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "quipu/write_batch.h"

namespace quipu::bench {
namespace {

constexpr size_t kVectors = 100000;
constexpr size_t kDimensions = 384;
constexpr size_t kQueries = 1000;
constexpr size_t kResults = 10;
constexpr HnswOptions kOptions = {.M = 16, .ef_construction = 200, .ef = 128};

void require(const Status& status) {
  if (status.is_ok()) return;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  std::abort();
}

// Bunches around 2,000 centres, as embeddings of texts lie, as wide as the centres are apart.
std::vector<std::vector<double>> bunches(size_t count, uint64_t seed) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::vector<std::vector<double>> centres(2000, std::vector<double>(kDimensions));
  for (auto& centre : centres) {
    for (double& element : centre) element = normal(random);
  }
  random.seed(seed);
  std::vector<std::vector<double>> vectors;
  for (size_t i = 0; i < count; ++i) {
    std::vector<double> vector = centres[random() % centres.size()];
    for (double& element : vector) element += 2 * normal(random);
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

std::vector<float> normalised(const std::vector<double>& vector) {
  double squares = 0;
  for (const double element : vector) squares += element * element;
  std::vector<float> unit;
  for (const double element : vector) unit.push_back(static_cast<float>(element / std::sqrt(squares)));
  return unit;
}

// Both sides, made once.
struct Sides {
  Sides() : queries(bunches(kQueries, 3)) {
    const auto vectors = bunches(kVectors, 2);
    std::vector<float> all;
    for (size_t from = 0; from < kVectors; from += 1000) {
      std::vector<std::shared_ptr<const BaseNode>> nodes;
      for (size_t i = from; i < from + 1000; ++i) {
        nodes.push_back(*TextNodeBuilder().id(std::to_string(i)).text("t").embedding(vectors[i]).build());
        const std::vector<float> unit = normalised(vectors[i]);
        all.insert(all.end(), unit.begin(), unit.end());
      }
      require(store.add(nodes).status());
    }
    for (const auto& query : queries) exact.push_back(ask(query).ids);
    require(store.use_hnsw(kOptions));
    baseline = std::make_unique<HnswBaseline>(all, kDimensions, kOptions.M, kOptions.ef_construction);
  }

  VectorStoreQueryResult ask(const std::vector<double>& query) {
    auto result = store.query({.query_embedding = query, .similarity_top_k = kResults});
    require(result.status());
    return *std::move(result);
  }

  ScratchDir directory;
  std::shared_ptr<RocksDBKVStore> kv = *RocksDBKVStore::open(directory / "db");
  KVVectorStore store{kv};
  std::unique_ptr<HnswBaseline> baseline;
  std::vector<std::vector<double>> queries;
  std::vector<std::vector<std::string>> exact;
};

Sides& sides() {
  static Sides both;
  return both;
}

size_t shared(const std::vector<std::string>& exact, const std::vector<std::string>& found) {
  size_t count = 0;
  for (const std::string& id : found) count += static_cast<size_t>(std::ranges::count(exact, id));
  return count;
}

void report(benchmark::State& state, size_t right) {
  state.counters["queries/s"] =
      benchmark::Counter(static_cast<double>(kQueries * state.iterations()), benchmark::Counter::kIsRate);
  state.counters["recall"] =
      static_cast<double>(right) / static_cast<double>(kQueries * kResults * state.iterations());
}

void BM_HnswQuery(benchmark::State& state) {
  Sides& both = sides();
  size_t right = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < kQueries; ++i) right += shared(both.exact[i], both.ask(both.queries[i]).ids);
  }
  report(state, right);
}
BENCHMARK(BM_HnswQuery)->Unit(benchmark::kMillisecond)->Iterations(3)->Repetitions(5)->UseRealTime();

// Its part of the work: length 1, and the ids.
void BM_HnswlibQuery(benchmark::State& state) {
  Sides& both = sides();
  size_t right = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < kQueries; ++i) {
      std::vector<std::string> ids;
      const std::vector<float> query = normalised(both.queries[i]);
      for (const size_t number : both.baseline->query(query.data(), kResults, kOptions.ef)) {
        ids.push_back(std::to_string(number));
      }
      right += shared(both.exact[i], ids);
    }
  }
  report(state, right);
}
BENCHMARK(BM_HnswlibQuery)->Unit(benchmark::kMillisecond)->Iterations(3)->Repetitions(5)->UseRealTime();

}  // namespace
}  // namespace quipu::bench
