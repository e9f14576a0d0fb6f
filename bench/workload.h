// The data that benchmarks run on: text nodes as an ingestion makes them, the same for a given number
// anywhere.

#ifndef QUIPU_BENCH_WORKLOAD_H_
#define QUIPU_BENCH_WORKLOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "quipu/json.h"

namespace quipu::bench {

inline constexpr int kNodesPerRefDoc = 20;

// Node `i`: about 1,000 characters of English-like words, three metadata fields, a source document and its
// neighbours; as doc_to_json writes it.
std::string node_id(uint64_t i);
std::string ref_doc_id(uint64_t i, int nodes_per_ref_doc = kNodesPerRefDoc);
Json node_json(uint64_t i, int nodes_per_ref_doc = kNodesPerRefDoc);

// The vector of node `i`: random numbers from -1 to 1.
std::vector<double> vector_of(uint64_t i, int dimensions);

// A docstore.json of the reference with `nodes` such nodes.
void write_docstore_json(const std::string& path, uint64_t nodes);
// A persist directory with that docstore.json; with `dimensions` also a vector for each node, the struct of
// the VectorStoreIndex that has them, and an empty graph.
void write_persist_dir(const std::string& directory, uint64_t nodes, int dimensions);

// A new directory under the system's temporary one, removed with what it holds.
class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Waits until the disk has what was written so far, so that it does not slow down what is timed next.
void settle();

// Resident memory of this process now, in bytes.
uint64_t resident_bytes();

}  // namespace quipu::bench

#endif  // QUIPU_BENCH_WORKLOAD_H_
