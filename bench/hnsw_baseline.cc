#include "bench/hnsw_baseline.h"

#include <hnswlib/hnswlib.h>

#include <atomic>
#include <thread>

namespace quipu::bench {

struct HnswBaseline::Impl {
  Impl(size_t count, size_t dimensions, size_t M, size_t ef_construction)
      : space(dimensions), hnsw(&space, count, M, ef_construction) {}

  hnswlib::InnerProductSpace space;
  hnswlib::HierarchicalNSW<float> hnsw;
};

HnswBaseline::HnswBaseline(const std::vector<float>& vectors, size_t dimensions, size_t M,
                           size_t ef_construction) {
  const size_t count = vectors.size() / dimensions;
  impl_ = std::make_unique<Impl>(count, dimensions, M, ef_construction);
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) impl_->hnsw.addPoint(vectors.data() + i * dimensions, i);
  };
  std::vector<std::jthread> threads;
  for (size_t i = 1; i < std::thread::hardware_concurrency(); ++i) threads.emplace_back(work);
  work();
}

HnswBaseline::~HnswBaseline() = default;

std::vector<size_t> HnswBaseline::query(const float* query, size_t k, size_t ef) {
  impl_->hnsw.setEf(ef);
  auto found = impl_->hnsw.searchKnn(query, k);
  std::vector<size_t> numbers;
  for (; !found.empty(); found.pop()) numbers.push_back(found.top().second);
  return numbers;
}

}  // namespace quipu::bench
