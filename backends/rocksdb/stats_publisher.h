// StatsPublisher: writes what a database has done into a file of its directory, from a thread of its own:
// once a second while calls are made, now and then while there are none.
//
// Thread-safety: any. Lifetime: must go before its database. What cannot be written is left out.

#ifndef QUIPU_BACKENDS_ROCKSDB_STATS_PUBLISHER_H_
#define QUIPU_BACKENDS_ROCKSDB_STATS_PUBLISHER_H_

#include <condition_variable>
#include <thread>

#include "backends/rocksdb/database/database.h"
#include "quipu/backend/thread_annotations.h"
#include "quipu/stats.h"

namespace quipu::rocks {

// What there is to tell of an open database.
StoreStats collect_stats(const Database& database);

class StatsPublisher {
 public:
  // Does nothing for a database that is open for reading.
  explicit StatsPublisher(const Database& database);
  ~StatsPublisher() { stop(); }
  StatsPublisher(const StatsPublisher&) = delete;
  StatsPublisher& operator=(const StatsPublisher&) = delete;

  // Takes the file away.
  void stop();

 private:
  void run();

  const Database& database_;
  Mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ QUIPU_GUARDED_BY(mutex_) = false;
  std::thread thread_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_STATS_PUBLISHER_H_
