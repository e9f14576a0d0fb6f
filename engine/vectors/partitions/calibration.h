// Calibration: how far a search has to go, so that it finds a wanted share of the nearest rows, and no
// further. Rows of the store, as queries, are compared with all rows; what it takes to look into the
// partitions of their nearest ones is tried out, from less to more, until searches find the share.
//
//   Calibration calibration(std::move(samples), 10, dimensions);
//   for (...) calibration.take(partition, rows);        // all rows of the store
//   for (...) calibration.rank(i, similarities);        // of what near(i) has
//   Result<Reach> reach = calibration.reach(centroids, 0.95, search);
//
// Thread-safety: one thread at a time. Cost: rows * samples multiplications of a query, and some searches a
// sample; memory: 24 bytes for each of the near ones of each sample.

#ifndef QUIPU_ENGINE_VECTORS_PARTITIONS_CALIBRATION_H_
#define QUIPU_ENGINE_VECTORS_PARTITIONS_CALIBRATION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/partitions/centroids.h"
#include "engine/vectors/partitions/coded_rows.h"
#include "engine/vectors/partitions/partition_search.h"
#include "engine/vectors/partitions/probe.h"
#include "quipu/status.h"

namespace quipu {

class Calibration {
 public:
  // A row of the store, which does not count as its own neighbour.
  struct Sample {
    uint64_t number;
    Probe probe;
  };
  Calibration(std::vector<Sample> samples, size_t k, size_t dimensions);

  // Rows of a partition, or of none: of a number that is no partition's.
  void take(uint64_t partition, const RowsView& rows);

  struct Near {
    float similarity;
    uint64_t partition;
    uint64_t number;
  };
  size_t samples() const { return samples_.size(); }
  // By estimates: some more than k, so that the k nearest are among them.
  std::span<const Near> near(size_t sample) const { return near_[sample]; }
  // What these similarities are, of all that near() has.
  void rank(size_t sample, std::span<const double> similarities);

  // A search of the k + 1 nearest, the sample among them, and what it took.
  struct Found {
    std::vector<PartitionSearch::Hit> hits;
    PartitionSearch::Work work;
  };
  using Search = std::function<Result<Found>(const Probe& probe, size_t k, const Reach& reach)>;
  // `recall`: below 1. A default where the samples have no neighbours in partitions. Errors: those of
  // `search`.
  Result<Reach> reach(const Centroids& centroids, double recall, const Search& search) const;

 private:
  // What searches with some reach find at each of the numbers of deviations, and what they cost.
  struct Trial {
    std::vector<double> recalls;
    std::vector<double> costs;
  };

  void take_group(uint64_t partition, const RowsView& rows, size_t first, size_t count);
  void offer(size_t sample, const Near& near);
  Result<Trial> attempt(const Reach& reach, const Search& search) const;
  // The number of deviations that costs the least of those that find enough.
  std::optional<size_t> cheapest(const Trial& trial, double recall) const;
  double cost(const PartitionSearch::Work& work, size_t vectors) const;
  // Whether estimates of hits are of the upper halves alone, so that the number of deviations is to be
  // chosen.
  bool chooses_deviations() const;

  const std::vector<Sample> samples_;
  const size_t k_;
  const size_t dimensions_;
  const size_t chunks_;
  const QueryBlock queries_;
  std::vector<std::vector<Near>> near_;  // of each sample a heap, the least similar in front, until rank()
  std::vector<int32_t> products_;
  std::vector<uint8_t> last_rows_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_PARTITIONS_CALIBRATION_H_
