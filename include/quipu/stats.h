// StoreStats: what a database has done since it was opened: how often each call and how long it took, what
// was read, written and compacted. It is always kept, for some nanoseconds a call.
//
//   QUIPU_ASSIGN_OR_RETURN(const StoreStats stats, store_stats(*store));
//   for (const CallStats& call : stats.calls) {
//     std::cout << call.name << ": " << call.count() << ", 99 of 100 in " << call.quantile(0.99) << " s\n";
//   }
//   std::cout << to_prometheus(stats);
//
// A writer also publishes them in a file of its directory (docs/FORMAT.md), which is Prometheus' text format:
// published_stats() reads what the writer of another process has done.
//
// Calls are those of the key-value store, which all stores over it make, and searches: get (one key),
// multi_get (several), get_all, scan (until its first pair can be read), write (a batch), commit (of a
// transaction), sync, query and query_all (of vector stores), search_text, get_rel_map.
//
// Thread-safety: any thread, at any time. What is counted while somebody looks is seen in part.

#ifndef QUIPU_STATS_H_
#define QUIPU_STATS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/kv_store.h"
#include "quipu/status.h"

namespace quipu {

// Calls of one kind.
struct CallStats {
  // Calls are counted by how long they took: those in bucket i at most 2^i * 256 ns, and longer than those in
  // the one before. The last has all that took longer.
  static constexpr size_t kBuckets = 30;
  static double bucket_seconds(size_t i);

  std::string name;    // "get"
  double seconds = 0;  // that all took together
  std::array<uint64_t, kBuckets> buckets = {};

  uint64_t count() const;
  // How long such a part of the calls took at most, interpolated within a bucket; 0 where there were none.
  double quantile(double part) const;
};

struct StatsValue {
  std::string
      name;  // of Prometheus, with its labels: "quipu_written_bytes_total", "quipu_level_bytes{level=\"6\"}"
  double value = 0;
};

struct StoreStats {
  double time = 0;               // seconds since 1970
  uint64_t process = 0;          // the id of the process that counted
  double seconds = 0;            // since when: so long ago was the database opened
  std::vector<CallStats> calls;  // those that were made
  // Names that end in "_total" are of counters, which only grow; the others are as it is now. to_prometheus()
  // says what each is.
  std::vector<StatsValue> values;

  std::optional<double> value(std::string_view name) const;
};

// Of a database: a writer, or a reader with all that it was refreshed from. Error: kNotSupported for a store
// that keeps none.
Result<StoreStats> store_stats(const BaseKVStore& store);

// Of whoever has the database in a directory open for writing, as they were a second ago; nothing where
// nobody has, or where it is not to be seen. Errors: kIoError; kCorruption for a file that is none of ours.
Result<std::optional<StoreStats>> published_stats(const std::string& directory);

// Prometheus' text format, version 0.0.4, and back. Error: kCorruption naming the line.
std::string to_prometheus(const StoreStats& stats);
Result<StoreStats> parse_prometheus(std::string_view text);

// ---- for authors of stores ----

enum class CallKind : uint8_t {
  kGet,
  kMultiGet,
  kGetAll,
  kScan,
  kWrite,
  kCommit,
  kSync,
  kQuery,
  kQueryAll,
  kSearchText,
  kRelMap,
};

// Counts calls; see CallTimer. Thread-safe.
class CallRecorder {
 public:
  using Log = std::function<void(std::string_view message)>;
  // Calls that take so many seconds or longer are told to `log`; 0: none are.
  CallRecorder(double slow_seconds, Log log);
  ~CallRecorder();
  CallRecorder(const CallRecorder&) = delete;
  CallRecorder& operator=(const CallRecorder&) = delete;

  // A call begins: what ended() is told then, or 0 where it needs not be told. Of calls that take about as
  // long as the clock one in some is timed and stands for the others; where slow calls are told of, each is.
  uint64_t begin(CallKind kind);
  // A call that began at `begin` has ended. `what`: which collection, or other thing, it was about.
  void ended(CallKind kind, uint64_t begin, std::string_view what);

  // Those that were made.
  std::vector<CallStats> calls() const;
  // How many, of all kinds together.
  uint64_t count() const;
  double seconds_since_made() const;

 private:
  struct Counters;
  uint64_t now() const;
  void tell(CallKind kind, double seconds, std::string_view what) const;

  const bool counter_;  // the processor's is used: reading it takes half as long as the clock
  const double unit_seconds_;
  const uint64_t made_;
  const uint64_t slow_;  // in units
  const Log log_;
  const std::unique_ptr<Counters> counters_;
};

// Counts a call from here to the end of the scope; not one of a null recorder. `what` must live as long.
class CallTimer {
 public:
  CallTimer(CallRecorder* recorder, CallKind kind, std::string_view what)
      : recorder_(recorder),
        kind_(kind),
        what_(what),
        begin_(recorder != nullptr ? recorder->begin(kind) : 0) {}
  ~CallTimer() {
    if (begin_ != 0) recorder_->ended(kind_, begin_, what_);
  }
  CallTimer(const CallTimer&) = delete;
  CallTimer& operator=(const CallTimer&) = delete;

 private:
  CallRecorder* const recorder_;
  const CallKind kind_;
  const std::string_view what_;
  const uint64_t begin_;
};

// What a store offers beside BaseKVStore if its calls are counted. A transaction has the recorder of its
// store.
class StatsSource {
 public:
  virtual ~StatsSource() = default;
  virtual CallRecorder& calls() const = 0;
  virtual Result<StoreStats> stats() const = 0;
};

// Where calls of stores over this one are counted; null: nowhere.
CallRecorder* call_recorder(const BaseKVStore& store);

}  // namespace quipu

#endif  // QUIPU_STATS_H_
