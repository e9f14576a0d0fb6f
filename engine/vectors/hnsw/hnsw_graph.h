// HnswGraph: a graph over vectors of length 1 that finds near ones without comparing all. hnswlib builds it;
// it is searched here, so that a filter can be asked on the way. The method: Malkov and Yashunin, "Efficient
// and robust approximate nearest neighbor search using Hierarchical Navigable Small World graphs",
// arXiv:1603.09320.
//
// Points are numbered by the caller. Removing one leaves it in the graph as a way to others.
// Thread-safety: as a standard container.

#ifndef QUIPU_ENGINE_VECTORS_HNSW_HNSW_GRAPH_H_
#define QUIPU_ENGINE_VECTORS_HNSW_HNSW_GRAPH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quipu/progress.h"
#include "quipu/status.h"
#include "quipu/vector_store.h"

namespace quipu {

class HnswGraph {
 public:
  using Point = uint32_t;
  struct Found {
    float similarity;
    Point point;
  };

  HnswGraph(size_t dimensions, const HnswOptions& options);
  ~HnswGraph();
  HnswGraph(HnswGraph&&) noexcept;
  HnswGraph& operator=(HnswGraph&&) noexcept;

  size_t dimensions() const;
  size_t size() const;  // removed points included
  size_t removed() const;
  size_t memory_bytes() const;  // about

  // `vectors` one after the other, of these points, none of which there may be. Uses several threads where
  // there are many. Errors: kInvalidArgument when memory does not suffice; some points may be there then, as
  // when `work`, if any, is cancelled; it advances with each.
  Status add(std::span<const Point> points, std::span<const float> vectors, Work* work = nullptr);
  void remove(Point point);
  // Null when there is none.
  const float* vector_of(Point point) const;

  // At most `ef` near points that are not removed and `allowed` (null: all), the nearest first. Nothing when
  // the walk has met more than `patience` points: few are allowed, and looking at these is cheaper.
  std::optional<std::vector<Found>> search(std::span<const float> query, size_t ef,
                                           const std::function<bool(Point)>* allowed, size_t patience) const;

  // A file of the graph and of a name for each point; see docs/FORMAT.md. Written atomically, and put in its
  // place if `work`, if any, lets itself be finished.
  Status save(const std::string& path, const std::function<std::string_view(Point)>& name_of,
              Work* work = nullptr) const;
  // Errors: kNotFound, kIoError, kCorruption for anything but what save() writes. Memory: the file's size.
  // Calls `point` for each that is not removed. The options are those of the file, but for ef.
  static Result<HnswGraph> load(const std::string& path,
                                const std::function<void(Point, std::string_view name)>& point);
  const HnswOptions& options() const;

 private:
  struct Impl;
  explicit HnswGraph(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// Whether or not there is one. Errors: kIoError.
Status remove_hnsw_file(const std::string& path);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_HNSW_HNSW_GRAPH_H_
