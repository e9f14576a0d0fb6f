#include "tests/support/resource_usage.h"

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
auto median_of(std::vector<ResourceUsage> samples, const Of& of) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::ranges::nth_element(samples, middle, {}, of);
  return of(*middle);
}

}  // namespace

ResourceUsage resource_usage() {
  ResourceUsage usage;
  uint64_t total = 0;
  uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  usage.mib = static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++usage.files;
  }
  --usage.files;  // that of the listing itself
  return usage;
}

ResourceUsage least_resource_usage() {
  ::malloc_trim(0);
  return resource_usage();
}

ResourceUsage ResourceUsageOverTime::median(double from, double to) const {
  const auto at = [&](double part) {
    return samples_.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(samples_.size()));
  };
  const std::vector<ResourceUsage> part(at(from), at(to));
  if (part.empty()) return {};
  return {median_of(part, [](const ResourceUsage& usage) { return usage.mib; }),
          median_of(part, [](const ResourceUsage& usage) { return usage.files; })};
}

std::string ResourceUsageOverTime::growth() const {
  const ResourceUsage early = median(0.1, 0.2);
  const ResourceUsage middle = median(0.4, 0.65);
  const ResourceUsage end = median(0.75, 1);
  const bool is_short = samples_.size() < kSamplesOfALongRun;
  const bool memory = end.mib > middle.mib * 1.05 + (is_short ? 16 : 0);
  const bool files = end.files > std::max(early.files, middle.files) * 1.05 + (is_short ? 100 : 0);
  if ((memory && kMemoryIsMeasured) || files || samples_.empty()) return to_string();
  return "";
}

std::string ResourceUsageOverTime::to_string() const {
  std::string text = std::to_string(samples_.size()) + " samples;";
  for (const auto& [name, from, to] : {std::tuple("a tenth", 0.1, 0.2), std::tuple("the middle", 0.4, 0.65),
                                       std::tuple("the end", 0.75, 1.0)}) {
    const ResourceUsage usage = median(from, to);
    char line[100];
    std::snprintf(line, sizeof line, " at %s %.1f MiB and %d files", name, usage.mib, usage.files);
    text += line;
  }
  return text;
}

}  // namespace quipu::testing
