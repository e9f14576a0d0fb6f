#include "backends/rocksdb/stats_publisher.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <system_error>
#include <utility>

#include "backends/rocksdb/stats/stats_file.h"

namespace quipu::rocks {
namespace {

constexpr std::chrono::seconds kApart{1};

struct Level {
  uint64_t bytes = 0;
  uint64_t files = 0;
};

std::map<int, Level> levels_of(rocksdb::DB& db) {
  std::vector<rocksdb::ColumnFamilyMetaData> families;
  db.GetAllColumnFamilyMetaData(&families);
  std::map<int, Level> levels;
  for (const rocksdb::ColumnFamilyMetaData& family : families) {
    for (const rocksdb::LevelMetaData& each : family.levels) {
      if (each.files.empty()) continue;
      levels[each.level].bytes += each.size;
      levels[each.level].files += each.files.size();
    }
  }
  return levels;
}

}  // namespace

StoreStats collect_stats(const Database& database) {
  StoreStats stats;
  stats.time = seconds_since_1970();
  stats.process = static_cast<uint64_t>(::getpid());
  stats.seconds = database.calls().seconds_since_made();
  stats.calls = database.calls().calls();
  const auto add = [&](std::string name, uint64_t value) {
    stats.values.push_back({std::move(name), static_cast<double>(value)});
  };
  const std::map<int, Level> levels = levels_of(database.db());
  uint64_t bytes = 0;
  for (const auto& [level, tables] : levels) bytes += tables.bytes;
  add("quipu_disk_bytes", bytes);
  const auto labelled = [](const char* name, int level) {
    return std::string(name) + "{level=\"" + std::to_string(level) + "\"}";
  };
  for (const auto& [level, tables] : levels) add(labelled("quipu_level_bytes", level), tables.bytes);
  for (const auto& [level, tables] : levels) add(labelled("quipu_level_files", level), tables.files);
  const auto property = [&](const char* name) {
    uint64_t value = 0;
    (void)database.db().GetAggregatedIntProperty(name, &value);
    return value;
  };
  uint64_t cached = 0;  // all families have one cache
  (void)database.db().GetIntProperty(database.catalog(), rocksdb::DB::Properties::kBlockCacheUsage, &cached);
  add("quipu_block_cache_bytes", cached);
  const CacheCounters& cache = database.cache_counters();
  add("quipu_block_cache_hits_total", cache.hits.load(std::memory_order_relaxed));
  add("quipu_block_cache_misses_total", cache.misses.load(std::memory_order_relaxed));
  if (database.is_reader()) return stats;
  add("quipu_write_buffer_bytes", property("rocksdb.cur-size-all-mem-tables"));
  add("quipu_compaction_pending_bytes", property("rocksdb.estimate-pending-compaction-bytes"));
  add("quipu_written_bytes_total", database.written_bytes());
  const WorkListener& work = database.work();
  add("quipu_flushes_total", work.flushes);
  add("quipu_flushed_bytes_total", work.flushed_bytes);
  add("quipu_compactions_total", work.compactions);
  add("quipu_compaction_read_bytes_total", work.compaction_read_bytes);
  add("quipu_compaction_written_bytes_total", work.compaction_written_bytes);
  add("quipu_write_stalls_total", work.write_stalls);
  return stats;
}

StatsPublisher::StatsPublisher(const Database& database) : database_(database) {
  if (database.is_reader()) return;
  remove_stats_file(database.directory().path());  // of a process that was killed
  const MutexLock lock(mutex_);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {  // no thread is to be had
  }
}

void StatsPublisher::stop() {
  std::thread thread;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    thread = std::move(thread_);
  }
  changed_.notify_all();
  if (!thread.joinable()) return;
  thread.join();
  remove_stats_file(database_.directory().path());
}

void StatsPublisher::run() {
  using Clock = std::chrono::steady_clock;
  uint64_t published = 0;
  Clock::time_point written;
  Clock::time_point next = Clock::now() + kApart;
  while (true) {
    {
      MutexLock lock(mutex_);
      while (!stopping_ && Clock::now() < next) changed_.wait_until(lock.native(), next);
      if (stopping_) return;
    }
    next = Clock::now() + kApart;
    const uint64_t count = database_.calls().count();
    if (count == published && Clock::now() - written < kStatsHeartbeat) continue;
    if (!write_stats_file(database_.directory().path(), collect_stats(database_)).is_ok()) continue;
    published = count;
    written = Clock::now();
  }
}

}  // namespace quipu::rocks
