// HnswIndex: a graph over the rows of a VectorIndex.
//
// A row whose vector is new is a pending insert until insert() brings it into the graph; whoever searches
// compares those by other means. Vectors without a regular norm (zero, infinite, NaN) and of a second
// dimension fit into no graph: while there is one, search() finds nothing to say. Thread-safety: as a
// standard container.

#ifndef QUIPU_ENGINE_VECTORS_HNSW_HNSW_INDEX_H_
#define QUIPU_ENGINE_VECTORS_HNSW_HNSW_INDEX_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/vectors/hnsw/hnsw_graph.h"

namespace quipu {

class HnswIndex {
 public:
  struct Found {
    uint32_t row;
    double similarity;
  };

  explicit HnswIndex(const HnswOptions& options) : options_(options) {}
  const HnswOptions& options() const { return options_; }
  // What a graph of so many vectors takes, about.
  static size_t expected_bytes(size_t vectors, size_t dimensions, const HnswOptions& options) {
    return vectors * (dimensions * sizeof(float) + 3 * options.M * sizeof(uint32_t));
  }
  size_t memory_bytes() const { return graph_ ? graph_->memory_bytes() : 0; }  // about

  // ---- rows ----
  // A row has a new vector, or another than before.
  void set(uint32_t row, std::span<const double> elements);
  void erase(uint32_t row);
  void clear();
  const std::unordered_set<uint32_t>& pending() const { return pending_; }
  // `vectors`: of each row, elements as stored. Errors: those of HnswGraph::add.
  // `work`, if any, advances with them, and ends them when it is cancelled.
  Status insert(std::span<const uint32_t> rows, std::span<const std::vector<double>> vectors, Work* work);

  // The `k` nearest rows that are not pending and `allowed` (null: all), about; nothing where a graph cannot
  // tell, or few rows are allowed.
  std::optional<std::vector<Found>> search(std::span<const double> query, size_t k,
                                           const std::function<bool(uint32_t)>* allowed) const;

  // ---- the file ----
  // Takes what a saved graph has; adopt() then says for every row which vector is really there, and
  // finish_adoption() that there are no more. A file that cannot be used, or is of other options, is
  // ignored; why, or OK.
  Status load(const std::string& path);
  void adopt(uint32_t row, std::string_view id, std::span<const double> elements);
  void finish_adoption();
  // Whether so much has changed that opening without saving would be slow.
  bool wants_saving() const;
  // `work`, if any, is finished before the file takes its place.
  Status save(const std::string& path, const std::function<std::string_view(uint32_t row)>& id_of,
              Work* work);
  // Whether most of the graph are points that have been removed: it should be made again.
  bool needs_rebuild() const;
  // Every row is a pending insert again.
  void reset();

 private:
  using Point = HnswGraph::Point;
  static constexpr int64_t kAbsent = -1;
  static constexpr int64_t kPending = -2;
  static constexpr int64_t kUnsuitable = -3;

  int64_t& state_of(uint32_t row);
  void claim(uint32_t row, Point point);
  void leave(uint32_t row);

  HnswOptions options_;
  std::optional<HnswGraph> graph_;
  std::vector<int64_t> states_;  // of rows: the point, or one of the above
  std::vector<uint32_t> rows_;   // of points
  std::unordered_set<uint32_t> pending_;
  size_t unsuitable_ = 0;
  size_t changes_ = 0;                                // points added or removed since it was saved
  std::unordered_map<std::string, Point> unclaimed_;  // of a loaded graph
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_HNSW_HNSW_INDEX_H_
