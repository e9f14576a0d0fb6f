// StoreStats as Prometheus' text format, and back.

#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "quipu/stats.h"

namespace quipu {
namespace {

constexpr std::string_view kCallSeconds = "quipu_call_seconds";
constexpr std::string_view kTime = "quipu_stats_time_seconds";
constexpr std::string_view kProcess = "quipu_process_id";
constexpr std::string_view kOpen = "quipu_open_seconds";

struct Help {
  std::string_view name;
  std::string_view text;
};
// Of each name that there is.
constexpr std::array kHelp = {
    Help{kTime, "When these were counted, seconds since 1970."},
    Help{kProcess, "The process that has the database open."},
    Help{kOpen, "For how long it has."},
    Help{"quipu_disk_bytes", "Bytes of all tables."},
    Help{"quipu_level_bytes", "Bytes of the tables of a level."},
    Help{"quipu_level_files", "How many tables a level has."},
    Help{"quipu_block_cache_bytes", "Bytes that the block cache holds, write buffers included."},
    Help{"quipu_write_buffer_bytes", "Bytes in write buffers, which are not in tables yet."},
    Help{"quipu_compaction_pending_bytes", "Bytes that compaction has still to rewrite, about."},
    Help{"quipu_block_cache_hits_total",
         "Blocks that reads by key found in the cache; one read in 256 is counted, as 256."},
    Help{"quipu_block_cache_misses_total",
         "Blocks that they had to read from files, counted in the same way."},
    Help{"quipu_written_bytes_total", "Bytes of batches that were written."},
    Help{"quipu_flushes_total", "Write buffers that became tables."},
    Help{"quipu_flushed_bytes_total", "Bytes of these tables."},
    Help{"quipu_compactions_total", "Compactions that have ended."},
    Help{"quipu_compaction_read_bytes_total", "Bytes that they read."},
    Help{"quipu_compaction_written_bytes_total", "Bytes that they wrote."},
    Help{"quipu_write_stalls_total",
         "How often writes were slowed down or stopped until compaction had caught up."},
};

std::string number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15)
    return std::to_string(static_cast<int64_t>(value));
  std::array<char, 32> text{};
  const std::to_chars_result end = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end.ptr};
}

std::string_view without_labels(std::string_view name) { return name.substr(0, name.find('{')); }

void add_header(std::string_view name, std::string_view type, std::string_view help, std::string& text) {
  text.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name);
  text.append(" ").append(type).append("\n");
}

void add_value(std::string_view name, double value, std::string& text) {
  text.append(name).append(" ").append(number(value)).append("\n");
}

void add_value_with_header(std::string_view name, double value, std::string_view& family, std::string& text) {
  if (without_labels(name) != family) {
    family = without_labels(name);
    std::string_view about;
    for (const Help& help : kHelp) {
      if (help.name == family) about = help.text;
    }
    add_header(family, family.ends_with("_total") ? "counter" : "gauge", about, text);
  }
  add_value(name, value, text);
}

void add_call(const CallStats& call, std::string& text) {
  const std::string name(kCallSeconds);
  const std::string label = "{call=\"" + call.name + "\"";
  uint64_t count = 0;
  for (size_t i = 0; i < CallStats::kBuckets; ++i) {
    count += call.buckets[i];
    const bool last = i + 1 == CallStats::kBuckets;
    const std::string end = last ? "+Inf" : number(CallStats::bucket_seconds(i));
    add_value(name + "_bucket" + label + ",le=\"" + end + "\"}", static_cast<double>(count), text);
  }
  add_value(name + "_sum" + label + "}", call.seconds, text);
  add_value(name + "_count" + label + "}", static_cast<double>(count), text);
}

// The value of a label, or nothing.
std::string_view label_of(std::string_view name, std::string_view label) {
  const std::string begin = std::string(label) + "=\"";
  const size_t at = name.find(begin);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = name.substr(at + begin.size());
  return rest.substr(0, rest.find('"'));
}

class Parser {
 public:
  // False for a line that is not one of ours.
  bool add(std::string_view line) {
    if (line.empty() || line.starts_with('#')) return true;
    const size_t space = line.rfind(' ');
    if (space == std::string_view::npos) return false;
    const std::string_view name = line.substr(0, space);
    const std::string_view digits = line.substr(space + 1);
    double value = 0;
    const std::from_chars_result read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || !(value >= 0)) return false;
    if (name.starts_with(kCallSeconds)) return add_call_value(name, value);
    if (name == kTime)
      stats_.time = value;
    else if (name == kProcess)
      stats_.process = static_cast<uint64_t>(value);
    else if (name == kOpen)
      stats_.seconds = value;
    else
      stats_.values.push_back({std::string(name), value});
    return true;
  }
  StoreStats take() { return std::move(stats_); }

 private:
  bool add_call_value(std::string_view name, double value) {
    const std::string_view call = label_of(name, "call");
    if (call.empty()) return false;
    if (stats_.calls.empty() || stats_.calls.back().name != call) {
      stats_.calls.push_back({.name = std::string(call)});
      bucket_ = 0;
      counted_ = 0;
    }
    CallStats& stats = stats_.calls.back();
    const std::string_view kind = without_labels(name).substr(kCallSeconds.size());
    if (kind == "_sum") stats.seconds = value;
    if (kind != "_bucket") return kind == "_sum" || kind == "_count";
    const auto count = static_cast<uint64_t>(value);
    if (bucket_ == CallStats::kBuckets || count < counted_) return false;
    stats.buckets[bucket_++] = count - counted_;
    counted_ = count;
    return true;
  }

  StoreStats stats_;
  size_t bucket_ = 0;
  uint64_t counted_ = 0;
};

}  // namespace

std::string to_prometheus(const StoreStats& stats) {
  std::string text;
  std::string_view family;
  add_value_with_header(kTime, stats.time, family, text);
  add_value_with_header(kProcess, static_cast<double>(stats.process), family, text);
  add_value_with_header(kOpen, stats.seconds, family, text);
  for (const StatsValue& each : stats.values) add_value_with_header(each.name, each.value, family, text);
  if (!stats.calls.empty()) add_header(kCallSeconds, "histogram", "How long calls took.", text);
  for (const CallStats& call : stats.calls) add_call(call, text);
  return text;
}

Result<StoreStats> parse_prometheus(std::string_view text) {
  Parser parser;
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = text.find('\n');
    if (!parser.add(text.substr(0, end))) {
      return Status::corruption("line " + std::to_string(line) + " is no statistics of Quipu");
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parser.take();
}

}  // namespace quipu
