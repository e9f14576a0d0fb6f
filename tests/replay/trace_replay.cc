// trace_replay [--backend NAME | --uri ADDRESS] FILE.jsonl...
//
// Replays traces recorded from the reference (one operation a line, with its arguments and result) and prints
// "FILE: N lines, M mismatches", the first mismatches in full. NAME is one of tests/conformance/backends,
// memory unless given. ADDRESS is of a store (quipu/open_store.h) that may be emptied: all its collections
// are dropped before each file. Exit status 1 on any, 2 on a usage error.

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "quipu/open_store.h"
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

// The store at an address, emptied for each directory that is not the last one.
BackendFactory factory_of(const std::string& address) {
  const auto last = std::make_shared<std::string>();
  return {address, [=](const std::string& directory) -> Result<std::shared_ptr<BaseKVStore>> {
            QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<BaseKVStore> store, open_store(address));
            if (std::exchange(*last, directory) == directory) return store;
            QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, store->collections());
            for (const CollectionInfo& info : infos) {
              QUIPU_RETURN_IF_ERROR(store->drop_collection(info.name).status());
            }
            return store;
          }};
}

int usage() {
  std::string names;
  for (const BackendFactory& backend : backends()) names += (names.empty() ? "" : "|") + backend.name;
  std::fprintf(stderr, "usage: trace_replay [--backend %s | --uri ADDRESS] FILE.jsonl...\n", names.c_str());
  return 2;
}

}  // namespace
}  // namespace quipu::testing

int main(int argc, char** argv) {
  std::string name = "memory";
  std::string address;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--backend" || arg == "--uri") {
      if (++i == argc) return quipu::testing::usage();
      (arg == "--uri" ? address : name) = argv[i];
    } else {
      files.push_back(arg);
    }
  }
  const quipu::testing::BackendFactory at_address = quipu::testing::factory_of(address);
  const quipu::testing::BackendFactory* const backend =
      address.empty() ? quipu::testing::find_backend(name) : &at_address;
  if (files.empty() || backend == nullptr) return quipu::testing::usage();
  bool good = true;
  for (const std::string& file : files) good = quipu::testing::replay(file, *backend) && good;
  return good ? 0 : 1;
}
