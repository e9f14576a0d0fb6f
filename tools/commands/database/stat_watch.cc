#include "tools/commands/database/stat_watch.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>
#include <vector>

#include "quipu/open_store.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/stats_text.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

constexpr std::array kColumns = {"CALLS/S",   "READ",        "WRITE", "SEARCH", "P50", "P99",
                                 "WRITTEN/S", "COMPACTED/S", "CACHE", "HITS",   "DISK"};
constexpr size_t kWidth = 12;
constexpr int kLinesPerHeader = 20;

std::string in_columns(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells)
    line += std::string(kWidth - std::min(kWidth - 1, cell.size()), ' ') + cell;
  return line + "\n";
}

std::string duration(double seconds) {
  std::array<char, 32> text{};
  const auto print = [&](double value, const char* unit) {
    std::snprintf(text.data(), text.size(), "%.3g %s", value, unit);
  };
  if (seconds < 1e-3) {
    print(seconds * 1e6, "us");
  } else if (seconds < 1) {
    print(seconds * 1e3, "ms");
  } else {
    print(seconds, "s");
  }
  return text.data();
}

// What was called from `before` to `now`.
StoreStats calls_between(const StoreStats& before, const StoreStats& now) {
  StoreStats between{.calls = now.calls};
  for (CallStats& call : between.calls) {
    const auto same = std::ranges::find(before.calls, call.name, &CallStats::name);
    if (same == before.calls.end()) continue;
    for (size_t i = 0; i < call.buckets.size(); ++i)
      call.buckets[i] -= std::min(call.buckets[i], same->buckets[i]);
  }
  return between;
}

std::string line_between(const StoreStats& before, const StoreStats& now) {
  const double seconds = now.time - before.time;
  const StoreStats between = calls_between(before, now);
  const CallCounts counts = count_calls(between);
  CallStats all;
  for (const CallStats& call : between.calls) {
    for (size_t i = 0; i < all.buckets.size(); ++i) all.buckets[i] += call.buckets[i];
  }
  const auto value = [&](std::string_view name) { return now.value(name).value_or(0); };
  const auto grown = [&](std::string_view name) { return value(name) - before.value(name).value_or(0); };
  const auto rate = [&](uint64_t count) {
    return std::to_string(static_cast<uint64_t>(static_cast<double>(count) / seconds + 0.5));
  };
  const auto bytes = [](double count) { return human_bytes(static_cast<uint64_t>(std::max(count, 0.0))); };
  const double hits = grown("quipu_block_cache_hits_total");
  const double looks = hits + grown("quipu_block_cache_misses_total");
  return in_columns({rate(counts.all()), rate(counts.reads), rate(counts.writes), rate(counts.searches),
                     duration(all.quantile(0.5)), duration(all.quantile(0.99)),
                     bytes(grown("quipu_written_bytes_total") / seconds),
                     bytes(grown("quipu_compaction_written_bytes_total") / seconds),
                     bytes(value("quipu_block_cache_bytes")),
                     looks == 0 ? "-" : std::to_string(static_cast<int>(100 * hits / looks)) + " %",
                     bytes(value("quipu_disk_bytes"))});
}

// False when a signal has come.
bool pause(double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (caught_signal() == 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return caught_signal() == 0;
}

}  // namespace

Result<int> watch_writer(const std::string& database, double seconds, bool json) {
  catch_signals();
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> directory, directory_of_store(database));
  if (!directory)
    return Status::not_supported(shown_address(database) + ": only a database's writer is watched");
  QUIPU_ASSIGN_OR_RETURN(std::optional<StoreStats> before, published_stats(*directory));
  if (!before) {
    return Status::not_found(shown_address(database) +
                             ": no process has it open for writing, or not for a second yet");
  }
  for (int line = 0; pause(seconds); ++line) {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<StoreStats> now, published_stats(*directory));
    if (!now) break;
    std::string text;
    if (json) {
      text = stats_json(*now) + "\n";
    } else {
      if (line % kLinesPerHeader == 0) text = in_columns({kColumns.begin(), kColumns.end()});
      StoreStats from = *before;
      if (now->process != before->process) from = {.time = now->time - now->seconds};
      if (now->time <= from.time) from.time = now->time - seconds;  // nothing new
      text += line_between(from, *now);
    }
    QUIPU_RETURN_IF_ERROR(print(text));
    before = now;
  }
  return kExitOk;
}

}  // namespace quipu::cli
