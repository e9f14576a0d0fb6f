// trace_replay [--backend NAME] FILE.jsonl...
//
// Replays traces recorded from the reference (one operation a line, with its arguments and result) and prints
// "FILE: N lines, M mismatches", the first mismatches in full. NAME is one of tests/conformance/backends,
// memory unless given. Exit status 1 on any, 2 on a usage error.

#include <cstdio>
#include <string>
#include <vector>

#include "tests/replay/trace.h"

namespace quipu::testing {
namespace {

constexpr int kShownMismatches = 5;

bool replay(const std::string& path, const BackendFactory& backend) {
  int mismatches = 0;
  const auto lines = replay_trace(path, backend, [&](int line, std::string_view op, const std::string& why) {
    if (++mismatches > kShownMismatches) return;
    std::printf("%s:%d: %.*s: %s\n", path.c_str(), line, static_cast<int>(op.size()), op.data(), why.c_str());
  });
  if (!lines) {
    std::fprintf(stderr, "%s\n", lines.error().to_string().c_str());
    return false;
  }
  std::printf("%s: %d lines, %d mismatches\n", path.c_str(), *lines, mismatches);
  return *lines > 0 && mismatches == 0;
}

int usage() {
  std::string names;
  for (const BackendFactory& backend : backends()) names += (names.empty() ? "" : "|") + backend.name;
  std::fprintf(stderr, "usage: trace_replay [--backend %s] FILE.jsonl...\n", names.c_str());
  return 2;
}

}  // namespace
}  // namespace quipu::testing

int main(int argc, char** argv) {
  std::string name = "memory";
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--backend") {
      if (++i == argc) return quipu::testing::usage();
      name = argv[i];
    } else {
      files.push_back(arg);
    }
  }
  const quipu::testing::BackendFactory* const backend = quipu::testing::find_backend(name);
  if (files.empty() || backend == nullptr) return quipu::testing::usage();
  bool good = true;
  for (const std::string& file : files) good = quipu::testing::replay(file, *backend) && good;
  return good ? 0 : 1;
}
