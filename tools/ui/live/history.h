// Sizes and counts over time, from when the page was opened: one sample every two seconds, of the last half
// hour. One that cannot be taken is left out.
// Thread-safety: any thread.

#ifndef QUIPU_TOOLS_UI_LIVE_HISTORY_H_
#define QUIPU_TOOLS_UI_LIVE_HISTORY_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "tools/terminal/stats_text.h"
#include "tools/ui/live/live_store.h"

namespace quipu::ui {

// What whoever writes to the database had done by then, since it opened it.
struct WriterSample {
  uint64_t process = 0;
  double time = 0;  // seconds since 1970
  cli::CallCounts calls;
  uint64_t written_bytes = 0;
  uint64_t compacted_bytes = 0;  // written by flushes and compactions
  uint64_t cache_bytes = 0;
  uint64_t cache_hits = 0;
  uint64_t cache_misses = 0;
  std::vector<uint64_t> level_bytes;  // of each level
};

struct Sample {
  int64_t time = 0;  // milliseconds since 1970
  uint64_t entries = 0;
  uint64_t disk_bytes = 0;
  uint64_t index_bytes = 0;    // of search indexes in this process's memory
  uint64_t process_bytes = 0;  // resident memory of this process
  std::optional<WriterSample> writer = {};
};

class History {
 public:
  explicit History(LiveStore& store);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  std::vector<Sample> since(int64_t time) const;

 private:
  void sample();

  LiveStore& store_;
  mutable std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::deque<Sample> samples_;
  std::thread thread_;
};

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_LIVE_HISTORY_H_
