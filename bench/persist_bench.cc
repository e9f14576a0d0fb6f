// A docstore.json into RocksDB and out again, against RocksDB alone: the same pairs, the same options, one
// WriteBatch for each 1,000.

#include <benchmark/benchmark.h>
#include <rocksdb/db.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "backends/rocksdb/database/rocksdb_options.h"
#include "backends/rocksdb/files/rocksdb_version.h"
#include "bench/workload.h"
#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu::bench {
namespace {

constexpr uint64_t kNodes = 120000;

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

// A persist directory, made once for all benchmarks of the run.
const ScratchDir& persist_directory() {
  static const ScratchDir directory;
  static const bool made = [] {
    write_persist_dir(directory.path(), kNodes, 0);
    return true;
  }();
  (void)made;
  return directory;
}

uint64_t docstore_bytes() { return std::filesystem::file_size(persist_directory() / "docstore.json"); }

void report_rate(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<int64_t>(docstore_bytes()) * state.iterations());
  state.counters["MB"] = static_cast<double>(docstore_bytes()) / 1e6;
}

// Reading, checking, writing and making durable.
void BM_Import(benchmark::State& state) {
  persist_directory();
  for (auto _ : state) {
    state.PauseTiming();
    ScratchDir directory;
    auto store = *RocksDBKVStore::open(directory / "db");
    settle();
    state.ResumeTiming();
    require(import_persist_dir(persist_directory().path(), *store).status());
    state.PauseTiming();
    require(store->close());
    store.reset();
    state.ResumeTiming();
  }
  report_rate(state);
}
BENCHMARK(BM_Import)->Unit(benchmark::kMillisecond)->Iterations(1)->Repetitions(5)->UseRealTime();

// The baseline: pairs that are in memory already, in the order of the file, durable at the end by one sync of
// the log.
void BM_RawWriteBatch(benchmark::State& state) {
  const auto source = *MemoryKVStore::from_persist_path(persist_directory() / "docstore.json");
  std::vector<std::vector<KVEntry>> collections;
  const std::vector<CollectionInfo> infos = *source->collections();
  for (const CollectionInfo& info : infos) collections.push_back(*source->get_all(info.name));
  for (auto _ : state) {
    state.PauseTiming();
    ScratchDir directory;
    const rocks::TunedOptions tuning = rocks::make_tuned_options({});
    std::vector<rocksdb::ColumnFamilyDescriptor> families = {
        {rocksdb::kDefaultColumnFamilyName, tuning.data}};
    for (size_t i = 0; i < collections.size(); ++i)
      families.emplace_back("c" + std::to_string(i), tuning.data);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    std::unique_ptr<rocksdb::DB> db;
    require(rocks::open_rocksdb(tuning.db, directory / "raw", families, handles, db));
    settle();
    state.ResumeTiming();
    rocksdb::WriteBatch batch;
    for (size_t i = 0; i < collections.size(); ++i) {
      for (const KVEntry& entry : collections[i]) {
        require(batch.Put(handles[i + 1], entry.key, entry.val.text()));
        if (batch.Count() == 1000) {
          require(db->Write({}, &batch));
          batch.Clear();
        }
      }
    }
    require(db->Write({}, &batch));
    require(db->SyncWAL());
    state.PauseTiming();
    for (rocksdb::ColumnFamilyHandle* handle : handles) require(db->DestroyColumnFamilyHandle(handle));
    require(db->Close());
    db.reset();
    state.ResumeTiming();
  }
  report_rate(state);
}
BENCHMARK(BM_RawWriteBatch)->Unit(benchmark::kMillisecond)->Iterations(1)->Repetitions(5)->UseRealTime();

void BM_Export(benchmark::State& state) {
  ScratchDir directory;
  auto store = *RocksDBKVStore::open(directory / "db");
  require(import_persist_dir(persist_directory().path(), *store).status());
  for (auto _ : state) {
    state.PauseTiming();
    settle();
    state.ResumeTiming();
    require(export_persist_dir(*store, directory / "out", {.force = true, .progress = {}}).status());
  }
  report_rate(state);
  const std::string compare =
      "cmp -s '" + directory / "out/docstore.json' '" + persist_directory() / "docstore.json'";
  if (std::system(compare.c_str()) != 0) {
    state.SkipWithError("the export differs from what was imported");
  }
  require(store->close());
}
BENCHMARK(BM_Export)->Unit(benchmark::kMillisecond)->Iterations(1)->Repetitions(5)->UseRealTime();

}  // namespace
}  // namespace quipu::bench
