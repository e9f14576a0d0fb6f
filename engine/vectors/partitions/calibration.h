// Calibration: how far partitions reach, so that a search finds a wanted share of the nearest rows. Rows of
// the store, as queries, are compared with all rows; what it takes to look into the partitions of their
// nearest ones is what queries like them take.
//
//   Calibration calibration(std::move(samples), 10);
//   for (...) calibration.take(partition, rows);        // all rows of the store
//   Reach reach = calibration.reach(centroids, 0.95);
//
// Thread-safety: one thread at a time. Cost: rows * samples multiplications of a query; memory: 16 bytes for
// each of the nearest of each sample.

#ifndef QUIPU_ENGINE_VECTORS_PARTITIONS_CALIBRATION_H_
#define QUIPU_ENGINE_VECTORS_PARTITIONS_CALIBRATION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/partitions/centroids.h"
#include "engine/vectors/partitions/coded_rows.h"
#include "engine/vectors/partitions/probe.h"

namespace quipu {

class Calibration {
 public:
  // `samples`: rows of the store, which do not count as their own neighbours.
  Calibration(CodedRows samples, size_t k);

  // Rows of a partition, or of none: of a number that is no partition's.
  void take(uint64_t partition, const RowsView& rows);
  // `recall`: below 1. A default where the samples have no neighbours in partitions.
  Reach reach(const Centroids& centroids, double recall) const;

 private:
  struct Near {
    float similarity;
    uint64_t partition;
  };

  void take_group(uint64_t partition, const RowsView& rows, size_t first, size_t count);

  const CodedRows samples_;
  const size_t k_;
  const std::vector<Probe> probes_;
  const QueryBlock queries_;
  std::vector<std::vector<Near>> nearest_;  // of each sample, a heap, the least similar in front
  std::vector<int32_t> products_;
  std::vector<uint8_t> last_rows_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_PARTITIONS_CALIBRATION_H_
