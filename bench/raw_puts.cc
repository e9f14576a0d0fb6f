// What RocksDB itself needs to write given pairs, for the Python package's calls to be measured against.
// usage: raw_puts FILE [AT_ONCE]
//        FILE: of each pair the lengths of key and value (uint32, little-endian) and both
//        AT_ONCE: so many pairs are one batch, each in a family of its own; default 1, a Put each
// prints seconds a round, on a new database each

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

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

void put(const Pairs& pairs, rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family) {
  for (const auto& [key, value] : pairs) require(db.Put({}, family, slice(key), slice(value)));
}

// Pair i of each batch goes to family i.
void write(const Pairs& pairs, rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families) {
  for (auto pair = pairs.begin(); pair != pairs.end();) {
    rocksdb::WriteBatch batch;
    for (rocksdb::ColumnFamilyHandle* const family : families) {
      if (pair == pairs.end()) break;
      require(batch.Put(family, slice(pair->first), slice(pair->second)));
      ++pair;
    }
    require(db.Write({}, &batch));
  }
}

double seconds_to_put(const Pairs& pairs, size_t at_once) {
  const ScratchDir directory;
  rocks::TunedOptions tuning = rocks::make_tuned_options({});
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {{rocksdb::kDefaultColumnFamilyName, tuning.data}};
  for (size_t i = 1; i < at_once; ++i) families.emplace_back("f" + std::to_string(i), tuning.data);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::unique_ptr<rocksdb::DB> db;
  require(rocks::open_rocksdb(tuning.db, directory / "db", families, handles, db));
  const auto start = std::chrono::steady_clock::now();
  at_once == 1 ? put(pairs, *db, handles[0]) : write(pairs, *db, handles);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  for (rocksdb::ColumnFamilyHandle* const handle : handles) require(db->DestroyColumnFamilyHandle(handle));
  require(db->Close());
  return taken.count();
}

}  // namespace
}  // namespace quipu::bench

int main(int argc, char** argv) {
  const int at_once = argc == 3 ? std::atoi(argv[2]) : 1;
  if (argc < 2 || argc > 3 || at_once < 1) {
    std::fputs("usage: raw_puts FILE [AT_ONCE]\n", stderr);
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  const quipu::bench::Pairs pairs = quipu::bench::pairs_of(bytes);
  for (int round = 0; round < quipu::bench::kRounds; ++round) {
    std::printf("%.9f\n", quipu::bench::seconds_to_put(pairs, static_cast<size_t>(at_once)));
  }
  return 0;
}
