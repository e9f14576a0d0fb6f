// The file STATS of a directory, in which its writer says what it has done (docs/FORMAT.md).

#ifndef QUIPU_BACKENDS_ROCKSDB_STATS_STATS_FILE_H_
#define QUIPU_BACKENDS_ROCKSDB_STATS_STATS_FILE_H_

#include <chrono>
#include <string>

#include "quipu/stats.h"
#include "quipu/status.h"

namespace quipu::rocks {

// It is written again at least so often while the database is open, and counts for three times as long.
inline constexpr std::chrono::seconds kStatsHeartbeat{10};

// Puts it in its place at once, not durably: after a power cut it would be out of date anyway. An error
// leaves the one before.
Status write_stats_file(const std::string& directory, const StoreStats& stats);
void remove_stats_file(const std::string& directory);

double seconds_since_1970();

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_STATS_STATS_FILE_H_
