// What calls cost on a Redis server, for bench/servers/redis_against_reference.
//
// usage: redis_calls ADDRESS WORKLOAD COUNT
//
// WORKLOAD is a file with lines of key, tab and value. Prints a JSON object: calls or keys a second of
// put_all of 1,000, of get, and of multi_get of 100, COUNT each, all in collection docstore/doc.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/open_store.h"

namespace quipu::bench {
namespace {

constexpr std::string_view kCollection = "docstore/doc";
constexpr size_t kPerPut = 1000;
constexpr size_t kPerGet = 100;

void require(const Status& status) {
  if (status.is_ok()) return;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  std::exit(3);
}

// What `work` does `count` of, in a second.
template <class Work>
double rate(size_t count, const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return static_cast<double>(count) /
         std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int run(const std::string& address, const std::string& workload, size_t count) {
  std::vector<std::string> lines;
  std::ifstream in(workload);
  for (std::string line; lines.size() < count && std::getline(in, line);) lines.push_back(line);
  std::vector<KVPair> pairs;
  std::vector<std::string_view> keys;
  for (const std::string_view line : lines) {
    const size_t tab = line.find('\t');
    pairs.push_back({line.substr(0, tab), JsonView::from_canonical(line.substr(tab + 1))});
  }
  for (size_t i = 0; i < pairs.size(); ++i) keys.push_back(pairs[i * 7919 % pairs.size()].key);
  const auto store = open_store(address);
  require(store.status());
  const double put_all = rate(pairs.size(), [&] {
    for (size_t i = 0; i < pairs.size(); i += kPerPut) {
      require((*store)->put_all(std::span(pairs).subspan(i, std::min(kPerPut, pairs.size() - i)), kCollection,
                                1000));
    }
  });
  const double get = rate(keys.size(), [&] {
    for (const std::string_view key : keys) require((*store)->get(key, kCollection).status());
  });
  const double multi_get = rate(keys.size(), [&] {
    for (size_t i = 0; i < keys.size(); i += kPerGet) {
      const auto some =
          std::span<const std::string_view>(keys).subspan(i, std::min(kPerGet, keys.size() - i));
      require((*store)->multi_get(some, kCollection).status());
    }
  });
  std::printf("{\"put_all\": %.0f, \"get\": %.0f, \"multi_get\": %.0f}\n", put_all, get, multi_get);
  return 0;
}

}  // namespace
}  // namespace quipu::bench

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  return quipu::bench::run(argv[1], argv[2], static_cast<size_t>(std::atoi(argv[3])));
}
