// What a database has done, as the command and the page tell it.

#ifndef QUIPU_TOOLS_TERMINAL_STATS_TEXT_H_
#define QUIPU_TOOLS_TERMINAL_STATS_TEXT_H_

#include <cstdint>
#include <string>

#include "quipu/stats.h"

namespace quipu::cli {

// How many calls there were of each sort.
struct CallCounts {
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t searches = 0;

  uint64_t all() const { return reads + writes + searches; }
};
CallCounts count_calls(const StoreStats& stats);

// {"process": ..., "seconds": ..., "calls": {"get": {...}, ...}, "values": {...}}
std::string stats_json(const StoreStats& stats);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_TERMINAL_STATS_TEXT_H_
