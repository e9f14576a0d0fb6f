// CallRecorder: counters in some copies, of which each thread has one that few others use.

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "quipu/stats.h"

namespace quipu {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<std::string_view, 11> kNames = {"get",       "multi_get",   "get_all",    "scan",
                                                     "write",     "commit",      "sync",       "query",
                                                     "query_all", "search_text", "get_rel_map"};
constexpr size_t kCopies = 8;
// Of gets the first are timed each, in each copy, then one in so many, which counts for those before it.
constexpr uint64_t kFirstGets = 1024;
constexpr uint64_t kOneGetIn = 8;
constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
constexpr int kFirstBits = 8;  // the first bucket ends at 2^8 ns

double seconds_of(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// The seconds of one step of the processor's counter; 0 where it does not go at one pace.
double measure_counter() {
#if defined(__x86_64__)
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid(0x80000007, &a, &b, &c, &d) == 0 || (d & (1U << 8)) == 0) return 0;
  // Both at one moment: the pair that was read fastest of a few.
  const auto both = [] {
    std::pair<uint64_t, Clock::time_point> best;
    uint64_t least = std::numeric_limits<uint64_t>::max();
    for (int i = 0; i < 8; ++i) {
      const uint64_t before = __builtin_ia32_rdtsc();
      const Clock::time_point at = Clock::now();
      const uint64_t took = __builtin_ia32_rdtsc() - before;
      if (took >= least) continue;
      least = took;
      best = {before + took / 2, at};
    }
    return best;
  };
  constexpr auto kLong = std::chrono::microseconds(200);
  const auto [first_count, first_time] = both();
  while (Clock::now() - first_time < kLong) {
  }
  const auto [count, time] = both();
  return count > first_count ? seconds_of(time - first_time) / static_cast<double>(count - first_count) : 0;
#else
  return 0;
#endif
}

double counter_seconds() {
  static const double kSeconds = measure_counter();
  return kSeconds;
}

// Threads take the copies in turn.
size_t copy_of_thread() {
  static std::atomic<size_t> next{0};
  static thread_local const size_t kCopy = next.fetch_add(1, std::memory_order_relaxed) % kCopies;
  return kCopy;
}

size_t bucket_of(uint64_t nanoseconds) {
  const int bits = std::bit_width(nanoseconds == 0 ? 0 : nanoseconds - 1);
  return std::min<size_t>(static_cast<size_t>(std::max(bits - kFirstBits, 0)), CallStats::kBuckets - 1);
}

}  // namespace

struct CallRecorder::Counters {
  struct Kind {
    std::atomic<uint64_t> nanoseconds{0};
    std::array<std::atomic<uint64_t>, CallStats::kBuckets> buckets{};
  };
  struct alignas(128) Copy {
    std::atomic<uint64_t> gets{0};  // that have begun
    std::array<Kind, kNames.size()> kinds;
  };
  std::array<Copy, kCopies> copies;
};

CallRecorder::CallRecorder(double slow_seconds, Log log)
    : counter_(counter_seconds() > 0),
      unit_seconds_(counter_ ? counter_seconds() : seconds_of(Clock::duration(1))),
      made_(now()),
      slow_(slow_seconds > 0 && log ? static_cast<uint64_t>(std::min(slow_seconds / unit_seconds_, 1e18))
                                    : kNever),
      log_(std::move(log)),
      counters_(std::make_unique<Counters>()) {}

CallRecorder::~CallRecorder() = default;

uint64_t CallRecorder::now() const {
#if defined(__x86_64__)
  if (counter_) return __builtin_ia32_rdtsc();
#endif
  return static_cast<uint64_t>(Clock::now().time_since_epoch().count());
}

uint64_t CallRecorder::begin(CallKind kind) {
  if (kind == CallKind::kGet) {
    const uint64_t gets =
        1 + counters_->copies[copy_of_thread()].gets.fetch_add(1, std::memory_order_relaxed);
    if (gets > kFirstGets && gets % kOneGetIn != 0 && slow_ == kNever) return 0;
  }
  return now();
}

void CallRecorder::ended(CallKind kind, uint64_t begin, std::string_view what) {
  const uint64_t end = now();
  const uint64_t took = end > begin ? end - begin : 0;  // processors may differ by a little
  const auto nanoseconds = static_cast<uint64_t>(static_cast<double>(took) * unit_seconds_ * 1e9);
  Counters::Copy& copy = counters_->copies[copy_of_thread()];
  const bool one_of_some =
      kind == CallKind::kGet && slow_ == kNever && copy.gets.load(std::memory_order_relaxed) > kFirstGets;
  const uint64_t weight = one_of_some ? kOneGetIn : 1;
  Counters::Kind& counted = copy.kinds[static_cast<size_t>(kind)];
  counted.nanoseconds.fetch_add(weight * nanoseconds, std::memory_order_relaxed);
  counted.buckets[bucket_of(nanoseconds)].fetch_add(weight, std::memory_order_relaxed);
  if (took >= slow_) tell(kind, static_cast<double>(took) * unit_seconds_, what);
}

void CallRecorder::tell(CallKind kind, double seconds, std::string_view what) const {
  std::string message = "slow call: ";
  message += kNames[static_cast<size_t>(kind)];
  message += " of ";
  message += what;
  message += " took " + std::to_string(seconds) + " s";
  log_(message);
}

std::vector<CallStats> CallRecorder::calls() const {
  std::vector<CallStats> calls;
  for (size_t kind = 0; kind < kNames.size(); ++kind) {
    CallStats stats{.name = std::string(kNames[kind])};
    uint64_t nanoseconds = 0;
    for (const Counters::Copy& copy : counters_->copies) {
      nanoseconds += copy.kinds[kind].nanoseconds.load(std::memory_order_relaxed);
      for (size_t i = 0; i < stats.buckets.size(); ++i) {
        stats.buckets[i] += copy.kinds[kind].buckets[i].load(std::memory_order_relaxed);
      }
    }
    stats.seconds = static_cast<double>(nanoseconds) / 1e9;
    if (stats.count() != 0) calls.push_back(std::move(stats));
  }
  return calls;
}

uint64_t CallRecorder::count() const {
  uint64_t count = 0;
  for (const CallStats& stats : calls()) count += stats.count();
  return count;
}

double CallRecorder::seconds_since_made() const { return static_cast<double>(now() - made_) * unit_seconds_; }

double CallStats::bucket_seconds(size_t i) { return std::ldexp(256e-9, static_cast<int>(i)); }

uint64_t CallStats::count() const {
  uint64_t count = 0;
  for (const uint64_t each : buckets) count += each;
  return count;
}

double CallStats::quantile(double part) const {
  const double wanted = part * static_cast<double>(count());
  double before = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    const auto here = static_cast<double>(buckets[i]);
    if (here != 0 && before + here >= wanted) {
      const double from = i == 0 ? 0 : bucket_seconds(i - 1);
      return from + (bucket_seconds(i) - from) * std::max(wanted - before, 0.0) / here;
    }
    before += here;
  }
  return 0;
}

CallRecorder* call_recorder(const BaseKVStore& store) {
  const auto* const source = dynamic_cast<const StatsSource*>(&store);
  return source == nullptr ? nullptr : &source->calls();
}

Result<StoreStats> store_stats(const BaseKVStore& store) {
  const auto* const source = dynamic_cast<const StatsSource*>(&store);
  if (source == nullptr) return Status::not_supported("this key-value store does not count its calls");
  return source->stats();
}

std::optional<double> StoreStats::value(std::string_view name) const {
  const auto found = std::ranges::find(values, name, &StatsValue::name);
  return found == values.end() ? std::nullopt : std::optional(found->value);
}

}  // namespace quipu
