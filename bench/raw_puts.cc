// What RocksDB itself needs to Put given pairs one by one, for the Python package's calls to be measured
// against. usage: raw_puts FILE    FILE: of each pair the lengths of key and value (uint32, little-endian)
// and both;
//                         prints seconds a round, on a new database each

#include <rocksdb/db.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/rocksdb/database/rocksdb_options.h"
#include "backends/rocksdb/files/rocksdb_version.h"
#include "bench/workload.h"

namespace quipu::bench {
namespace {

constexpr int kRounds = 3;

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

void require(const rocksdb::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(3);
}

std::string_view take(std::string_view& rest, size_t size) {
  if (size > rest.size()) {
    std::fputs("the file of pairs ends early\n", stderr);
    std::exit(3);
  }
  const std::string_view taken = rest.substr(0, size);
  rest.remove_prefix(size);
  return taken;
}

Pairs pairs_of(std::string_view file) {
  Pairs pairs;
  while (!file.empty()) {
    uint32_t sizes[2];
    std::memcpy(sizes, take(file, sizeof(sizes)).data(), sizeof(sizes));
    const std::string_view key = take(file, sizes[0]);
    pairs.emplace_back(key, take(file, sizes[1]));
  }
  return pairs;
}

double seconds_to_put(const Pairs& pairs) {
  const ScratchDir directory;
  const rocks::TunedOptions tuning = rocks::make_tuned_options({});
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::unique_ptr<rocksdb::DB> db;
  require(rocks::open_rocksdb(tuning.db, directory / "db", {{rocksdb::kDefaultColumnFamilyName, tuning.data}},
                              handles, db));
  const auto start = std::chrono::steady_clock::now();
  for (const auto& [key, value] : pairs) {
    require(db->Put({}, handles[0], rocksdb::Slice(key.data(), key.size()),
                    rocksdb::Slice(value.data(), value.size())));
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  require(db->DestroyColumnFamilyHandle(handles[0]));
  require(db->Close());
  return taken.count();
}

}  // namespace
}  // namespace quipu::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: raw_puts FILE\n", stderr);
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  const quipu::bench::Pairs pairs = quipu::bench::pairs_of(bytes);
  for (int round = 0; round < quipu::bench::kRounds; ++round) {
    std::printf("%.9f\n", quipu::bench::seconds_to_put(pairs));
  }
  return 0;
}
