// hnswlib, for the two files that see it: hnsw_graph.cc and hnsw_file.cc.

#ifndef QUIPU_ENGINE_VECTORS_HNSW_HNSW_GRAPH_IMPL_H_
#define QUIPU_ENGINE_VECTORS_HNSW_HNSW_GRAPH_IMPL_H_

#define NO_MANUAL_VECTORIZATION  // distances are ours, and it would define functions that are not inline
#include <hnswlib/hnswlib.h>

#include <memory>

#include "engine/vectors/float_dot.h"
#include "engine/vectors/hnsw/hnsw_graph.h"

namespace quipu {

using Hnsw = hnswlib::HierarchicalNSW<float>;

// The distance of vectors of length 1: 1 - their inner product.
class CosineSpace : public hnswlib::SpaceInterface<float> {
 public:
  explicit CosineSpace(size_t dimensions) : dimensions_(dimensions), dot_(float_dot()) {}
  size_t get_data_size() override { return dimensions_ * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void* get_dist_func_param() override { return this; }
  size_t dimensions() const { return dimensions_; }
  float dot(const float* a, const void* b) const {
    return dot_(a, static_cast<const float*>(b), dimensions_);
  }

 private:
  static float distance(const void* a, const void* b, const void* space) {
    return 1 - static_cast<const CosineSpace*>(space)->dot(static_cast<const float*>(a), b);
  }

  const size_t dimensions_;
  const FloatDot dot_;
};

// Moves the vectors to large pages.
void use_large_pages(Hnsw& hnsw);

struct HnswGraph::Impl {
  Impl(size_t dimensions, const HnswOptions& options, size_t capacity)
      : options(options),
        space(dimensions),
        hnsw(std::make_unique<Hnsw>(&space, capacity, options.M, options.ef_construction)) {}

  HnswOptions options;
  CosineSpace space;
  std::unique_ptr<Hnsw> hnsw;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_HNSW_HNSW_GRAPH_IMPL_H_
