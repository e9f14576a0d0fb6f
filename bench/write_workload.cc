// Prints the nodes that the benchmarks run on, one JSON text a line, for programs in other languages.
// usage: write_workload COUNT

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "bench/workload.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_workload COUNT\n", stderr);
    return 2;
  }
  const uint64_t count = std::strtoull(argv[1], nullptr, 10);
  for (uint64_t i = 0; i < count; ++i) {
    if (std::puts(quipu::bench::node_json(i).text().c_str()) < 0) return 3;
  }
  return std::fflush(stdout) == 0 ? 0 : 3;
}
