// SampledWork: what a read finds in the block cache. RocksDB counts that, and much else with it that takes
// about as long as a read does; so one read in some is counted, and stands for all of them.

#ifndef QUIPU_BACKENDS_ROCKSDB_STATS_SAMPLED_WORK_H_
#define QUIPU_BACKENDS_ROCKSDB_STATS_SAMPLED_WORK_H_

#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include "backends/rocksdb/stats/work_listener.h"

namespace quipu::rocks {

class SampledWork {
 public:
  explicit SampledWork(CacheCounters& counters)
      : counters_(is_sample() ? &counters : nullptr), before_(rocksdb::GetPerfLevel()) {
    rocksdb::SetPerfLevel(counters_ != nullptr ? rocksdb::PerfLevel::kEnableCount
                                               : rocksdb::PerfLevel::kDisable);
    if (counters_ == nullptr) return;
    const rocksdb::PerfContext& context = *rocksdb::get_perf_context();
    hits_ = context.block_cache_hit_count;
    misses_ = context.block_read_count;
  }
  ~SampledWork() {
    rocksdb::SetPerfLevel(before_);
    if (counters_ == nullptr) return;
    const rocksdb::PerfContext& context = *rocksdb::get_perf_context();
    counters_->hits.fetch_add(kOneIn * (context.block_cache_hit_count - hits_), std::memory_order_relaxed);
    counters_->misses.fetch_add(kOneIn * (context.block_read_count - misses_), std::memory_order_relaxed);
  }
  SampledWork(const SampledWork&) = delete;
  SampledWork& operator=(const SampledWork&) = delete;

 private:
  static constexpr unsigned kOneIn = 256;
  static bool is_sample() {
    static thread_local unsigned reads = 0;
    return ++reads % kOneIn == 0;
  }

  CacheCounters* const counters_;  // null: not a sample
  const rocksdb::PerfLevel before_;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_STATS_SAMPLED_WORK_H_
