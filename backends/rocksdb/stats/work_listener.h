// WorkListener: counts what RocksDB does in the background, and what was written.

#ifndef QUIPU_BACKENDS_ROCKSDB_STATS_WORK_LISTENER_H_
#define QUIPU_BACKENDS_ROCKSDB_STATS_WORK_LISTENER_H_

#include <rocksdb/listener.h>

#include <atomic>
#include <cstdint>

namespace quipu::rocks {

// Blocks that reads by key found in the block cache, and those that they had to read.
struct CacheCounters {
  std::atomic<uint64_t> hits{0};
  std::atomic<uint64_t> misses{0};
};

class WorkListener : public rocksdb::EventListener {
 public:
  void OnFlushCompleted(rocksdb::DB* /*db*/, const rocksdb::FlushJobInfo& done) override {
    ++flushes;
    const rocksdb::TableProperties& table = done.table_properties;
    flushed_bytes += table.data_size + table.index_size + table.filter_size;
  }
  void OnCompactionCompleted(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& done) override {
    ++compactions;
    compaction_read_bytes += done.stats.total_input_bytes;
    compaction_written_bytes += done.stats.total_output_bytes;
  }
  void OnStallConditionsChanged(const rocksdb::WriteStallInfo& stall) override {
    if (stall.condition.cur != rocksdb::WriteStallCondition::kNormal) ++write_stalls;
  }

  std::atomic<uint64_t> flushes{0};
  std::atomic<uint64_t> flushed_bytes{0};
  std::atomic<uint64_t> compactions{0};
  std::atomic<uint64_t> compaction_read_bytes{0};
  std::atomic<uint64_t> compaction_written_bytes{0};
  std::atomic<uint64_t> write_stalls{0};
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_STATS_WORK_LISTENER_H_
