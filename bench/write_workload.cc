// The data that the benchmarks run on, for programs in other languages.
// usage: write_workload nodes COUNT                     prints nodes, one JSON text a line
//        write_workload directory DIR COUNT DIMENSIONS  writes a persist directory; 0: without vectors
//        write_workload vectors COUNT DIMENSIONS        prints vectors, float32 in binary

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "bench/workload.h"

namespace {

int print_nodes(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    if (std::puts(quipu::bench::node_json(i).text().c_str()) < 0) return 3;
  }
  return std::fflush(stdout) == 0 ? 0 : 3;
}

int print_vectors(uint64_t count, int dimensions) {
  for (uint64_t i = 0; i < count; ++i) {
    const std::vector<double> vector = quipu::bench::vector_of(i, dimensions);
    const std::vector<float> floats(vector.begin(), vector.end());
    if (std::fwrite(floats.data(), sizeof(float), floats.size(), stdout) != floats.size()) return 3;
  }
  return std::fflush(stdout) == 0 ? 0 : 3;
}

uint64_t number(const char* text) { return std::strtoull(text, nullptr, 10); }

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> args(argv, static_cast<size_t>(argc));
  if (args.size() == 3 && args[1] == std::string_view("nodes")) return print_nodes(number(args[2]));
  if (args.size() == 5 && args[1] == std::string_view("directory")) {
    quipu::bench::write_persist_dir(args[2], number(args[3]), static_cast<int>(number(args[4])));
    return 0;
  }
  if (args.size() == 4 && args[1] == std::string_view("vectors")) {
    return print_vectors(number(args[2]), static_cast<int>(number(args[3])));
  }
  std::fputs(
      "usage: write_workload nodes COUNT | directory DIR COUNT DIMENSIONS | vectors COUNT DIMENSIONS\n",
      stderr);
  return 2;
}
