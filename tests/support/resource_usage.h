// ResourceUsage: the memory and the files that this process has, and whether they stay the same.
//
//   ResourceUsageOverTime usage;
//   while (...) usage.sample();
//   EXPECT_EQ(usage.growth(), "");

#ifndef QUIPU_TESTS_SUPPORT_RESOURCE_USAGE_H_
#define QUIPU_TESTS_SUPPORT_RESOURCE_USAGE_H_

#include <string>
#include <vector>

namespace quipu::testing {

// Sanitizers keep what was freed: memory tells nothing under them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kMemoryIsMeasured = false;
#else
inline constexpr bool kMemoryIsMeasured = true;
#endif

struct ResourceUsage {
  double mib = 0;  // resident
  int files = 0;   // open
};

ResourceUsage resource_usage();
// After the allocator has given back what is free.
ResourceUsage least_resource_usage();

class ResourceUsageOverTime {
 public:
  void sample() { samples_.push_back(resource_usage()); }
  // What has grown by more than 5 % from the middle of the time to its end; empty: nothing. Medians over
  // a quarter of the samples each, the first tenth left out, are compared; in a short run, of less than
  // some hundred samples, 16 MiB and 100 files are nothing. Open files come and go with compactions: as many
  // as there were early in the run are no growth either.
  std::string growth() const;
  // The figures, for a person.
  std::string to_string() const;

 private:
  // Of the samples between two parts of the time, each from 0 to 1.
  ResourceUsage median(double from, double to) const;

  std::vector<ResourceUsage> samples_;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_RESOURCE_USAGE_H_
