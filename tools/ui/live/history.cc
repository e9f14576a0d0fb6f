#include "tools/ui/live/history.h"

#include <unistd.h>

#include <chrono>
#include <fstream>

namespace quipu::ui {
namespace {

constexpr auto kApart = std::chrono::seconds(2);
constexpr size_t kKept = 900;
constexpr int kLevels = 7;  // as many as RocksDB makes

int64_t milliseconds_since_1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

uint64_t resident_bytes() {
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

WriterSample sample_of(const StoreStats& stats) {
  const auto value = [&](const std::string& name) {
    return static_cast<uint64_t>(stats.value(name).value_or(0));
  };
  WriterSample sample{.process = stats.process, .time = stats.time, .calls = cli::count_calls(stats)};
  sample.written_bytes = value("quipu_written_bytes_total");
  sample.compacted_bytes = value("quipu_flushed_bytes_total") + value("quipu_compaction_written_bytes_total");
  sample.cache_bytes = value("quipu_block_cache_bytes");
  sample.cache_hits = value("quipu_block_cache_hits_total");
  sample.cache_misses = value("quipu_block_cache_misses_total");
  for (int level = 0; level < kLevels; ++level) {
    sample.level_bytes.push_back(value("quipu_level_bytes{level=\"" + std::to_string(level) + "\"}"));
  }
  return sample;
}

}  // namespace

History::History(LiveStore& store) : store_(store) {
  thread_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    while (!ended_) {
      lock.unlock();
      sample();
      lock.lock();
      ending_.wait_for(lock, kApart, [this] { return ended_; });
    }
  });
}

History::~History() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ending_.notify_all();
  thread_.join();
}

void History::sample() {
  Sample sample{.time = milliseconds_since_1970()};
  const auto lease = store_.now();
  if (!lease) return;
  const auto collections = (*lease)->collections();
  const auto disk_bytes = (*lease)->disk_bytes();
  if (!collections || !disk_bytes) return;
  for (const CollectionInfo& collection : *collections) sample.entries += collection.count;
  sample.disk_bytes = *disk_bytes;
  for (const SearchIndexInfo& index : store_.indexes()) sample.index_bytes += index.memory_bytes;
  sample.process_bytes = resident_bytes();
  if (const auto stats = store_.writer_stats(); stats && *stats) sample.writer = sample_of(**stats);
  const std::lock_guard lock(mutex_);
  samples_.push_back(std::move(sample));
  if (samples_.size() > kKept) samples_.pop_front();
}

std::vector<Sample> History::since(int64_t time) const {
  const std::lock_guard lock(mutex_);
  std::vector<Sample> found;
  for (const Sample& sample : samples_) {
    if (sample.time > time) found.push_back(sample);
  }
  return found;
}

}  // namespace quipu::ui
