// What queries of a vector store take in C++, for the Python package's to be measured against, in turns.
// usage: query_times DATABASE QUERIES DIMENSIONS    QUERIES: a file of float64, row by row
//        for each line on standard input it asks for the 10 nearest of every row, one by one, and prints
//        seconds a query

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"

namespace quipu::bench {
namespace {

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(3);
}

std::vector<VectorStoreQuery> queries_of(const std::string& path, size_t dimensions) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  const size_t row_bytes = dimensions * sizeof(double);
  std::vector<VectorStoreQuery> queries(bytes.size() / row_bytes);
  for (size_t i = 0; i < queries.size(); ++i) {
    queries[i].similarity_top_k = 10;
    queries[i].query_embedding.resize(dimensions);
    std::memcpy(queries[i].query_embedding.data(), bytes.data() + i * row_bytes, row_bytes);
  }
  return queries;
}

double seconds_a_query(const KVVectorStore& vectors, const std::vector<VectorStoreQuery>& queries) {
  const auto start = std::chrono::steady_clock::now();
  for (const VectorStoreQuery& query : queries) {
    const auto found = vectors.query(query);
    if (!found) fail(found.error().to_string());
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  return taken.count() / static_cast<double>(queries.size());
}

}  // namespace
}  // namespace quipu::bench

int main(int argc, char** argv) {
  using namespace quipu::bench;
  const size_t dimensions = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 0;
  if (dimensions == 0) {
    std::fputs("usage: query_times DATABASE QUERIES DIMENSIONS\n", stderr);
    return 2;
  }
  const auto store = quipu::RocksDBKVStore::open_reader(argv[1]);
  if (!store) fail(store.error().to_string());
  const quipu::KVVectorStore vectors(*store);
  const std::vector<quipu::VectorStoreQuery> queries = queries_of(argv[2], dimensions);
  for (std::string line; std::getline(std::cin, line);) {
    std::printf("%.9f\n", seconds_a_query(vectors, queries));
    std::fflush(stdout);
  }
  return 0;
}
