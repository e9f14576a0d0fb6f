#include "tests/support/held.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace quipu::testing {
namespace {

constexpr size_t kSamplesOfALongRun = 400;

template <class Of>
auto median_of(std::vector<Held> samples, const Of& of) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::ranges::nth_element(samples, middle, {}, of);
  return of(*middle);
}

}  // namespace

Held held_now() {
  Held held;
  uint64_t total = 0;
  uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  held.mib = static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++held.files;
  }
  --held.files;  // that of the listing itself
  return held;
}

Held held_at_least() {
  ::malloc_trim(0);
  return held_now();
}

Held HeldOverTime::median(double from, double to) const {
  const auto at = [&](double part) {
    return samples_.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(samples_.size()));
  };
  const std::vector<Held> part(at(from), at(to));
  if (part.empty()) return {};
  return {median_of(part, [](const Held& held) { return held.mib; }),
          median_of(part, [](const Held& held) { return held.files; })};
}

std::string HeldOverTime::growth() const {
  const Held early = median(0.1, 0.2);
  const Held middle = median(0.4, 0.65);
  const Held end = median(0.75, 1);
  const bool is_short = samples_.size() < kSamplesOfALongRun;
  const bool memory = end.mib > middle.mib * 1.05 + (is_short ? 16 : 0);
  const bool files = end.files > std::max(early.files, middle.files) * 1.05 + (is_short ? 100 : 0);
  if ((memory && kMemoryIsMeasured) || files || samples_.empty()) return to_string();
  return "";
}

std::string HeldOverTime::to_string() const {
  std::string text = std::to_string(samples_.size()) + " samples;";
  for (const auto& [name, from, to] : {std::tuple("a tenth", 0.1, 0.2), std::tuple("the middle", 0.4, 0.65),
                                       std::tuple("the end", 0.75, 1.0)}) {
    const Held held = median(from, to);
    char line[100];
    std::snprintf(line, sizeof line, " at %s %.1f MiB and %d files", name, held.mib, held.files);
    text += line;
  }
  return text;
}

}  // namespace quipu::testing
