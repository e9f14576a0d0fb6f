// hnswlib itself, with its own distances, built for the processor that it runs on.

#ifndef QUIPU_BENCH_HNSW_BASELINE_H_
#define QUIPU_BENCH_HNSW_BASELINE_H_

#include <cstddef>
#include <memory>
#include <vector>

namespace quipu::bench {

class HnswBaseline {
 public:
  // `vectors`: one after the other, of length 1. Uses all processors.
  HnswBaseline(const std::vector<float>& vectors, size_t dimensions, size_t M, size_t ef_construction);
  ~HnswBaseline();
  // The numbers of the nearest, the nearest last.
  std::vector<size_t> query(const float* query, size_t k, size_t ef);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quipu::bench

#endif  // QUIPU_BENCH_HNSW_BASELINE_H_
