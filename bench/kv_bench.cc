// put_all and get against RocksDB alone, with the same options and the same values, taking turns in one run.

#include <benchmark/benchmark.h>
#include <rocksdb/db.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "backends/rocksdb/database/rocksdb_options.h"
#include "backends/rocksdb/files/rocksdb_version.h"
#include "bench/workload.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu::bench {
namespace {

constexpr uint64_t kPairs = 100000;
constexpr size_t kBatch = 1000;

void require(const Status& status) {
  if (status.is_ok()) return;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  std::abort();
}
void require(const rocksdb::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

struct Pairs {
  std::vector<std::string> keys;
  std::vector<Json> values;
};

const Pairs& pairs() {
  static const Pairs made = [] {
    Pairs pairs;
    for (uint64_t i = 0; i < kPairs; ++i) {
      pairs.keys.push_back(node_id(i));
      pairs.values.push_back(node_json(i));
    }
    return pairs;
  }();
  return made;
}

// RocksDB as a user would open it, with one family.
class RawStore {
 public:
  explicit RawStore(const std::string& path) {
    const rocks::TunedOptions tuning = rocks::make_tuned_options({});
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    require(rocks::open_rocksdb(tuning.db, path, {{rocksdb::kDefaultColumnFamilyName, tuning.data}}, handles,
                                db_));
    family_ = handles[0];
  }
  ~RawStore() {
    require(db_->DestroyColumnFamilyHandle(family_));
    require(db_->Close());
  }
  void put_all(size_t begin) {
    rocksdb::WriteBatch batch;
    for (size_t i = begin; i < begin + kBatch; ++i) {
      require(batch.Put(family_, pairs().keys[i], pairs().values[i].text()));
    }
    require(db_->Write({}, &batch));
  }
  size_t get(const std::string& key) {
    std::string value;
    require(db_->Get({}, family_, key, &value));
    return value.size();
  }
  void compact() { require(db_->CompactRange({}, family_, nullptr, nullptr)); }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* family_ = nullptr;
};

class QuipuStore {
 public:
  explicit QuipuStore(const std::string& path) : store_(*RocksDBKVStore::open(path)) {}
  ~QuipuStore() { require(store_->close()); }
  void put_all(size_t begin) {
    std::vector<KVPair> batch;
    batch.reserve(kBatch);
    for (size_t i = begin; i < begin + kBatch; ++i) batch.push_back({pairs().keys[i], pairs().values[i]});
    require(store_->put_all(batch, DEFAULT_COLLECTION, kBatch));
  }
  size_t get(const std::string& key) {
    const auto value = store_->get(key);
    require(value.status());
    return (*value)->text().size();
  }
  void compact() { require(store_->compact()); }

 private:
  std::shared_ptr<RocksDBKVStore> store_;
};

template <class Store>
void BM_PutAll(benchmark::State& state) {
  pairs();
  for (auto _ : state) {
    state.PauseTiming();
    ScratchDir directory;
    auto store = std::make_unique<Store>(directory / "db");
    state.ResumeTiming();
    for (size_t i = 0; i < kPairs; i += kBatch) store->put_all(i);
    state.PauseTiming();
    store.reset();
    state.ResumeTiming();
  }
  state.counters["writes/s"] = benchmark::Counter(kPairs, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_PutAll<RawStore>)->Unit(benchmark::kMillisecond)->Iterations(1)->Repetitions(5)->UseRealTime();
BENCHMARK(BM_PutAll<QuipuStore>)->Unit(benchmark::kMillisecond)->Iterations(1)->Repetitions(5)->UseRealTime();

template <class Store>
void BM_Get(benchmark::State& state) {
  ScratchDir directory;
  {
    Store store(directory / "db");
    for (size_t i = 0; i < kPairs; i += kBatch) store.put_all(i);
    store.compact();  // the same shape for both
  }
  Store store(directory / "db");
  std::mt19937_64 random(1);
  for (uint64_t i = 0; i < kPairs; ++i) store.get(pairs().keys[random() % kPairs]);  // warm
  for (auto _ : state) benchmark::DoNotOptimize(store.get(pairs().keys[random() % kPairs]));
}
BENCHMARK(BM_Get<RawStore>)->Unit(benchmark::kMicrosecond)->Iterations(200000)->Repetitions(5)->UseRealTime();
BENCHMARK(BM_Get<QuipuStore>)
    ->Unit(benchmark::kMicrosecond)
    ->Iterations(200000)
    ->Repetitions(5)
    ->UseRealTime();

}  // namespace
}  // namespace quipu::bench
