// How rows are divided among partitions: at first, when a partition has become too large, and when a mean has
// come nearer to rows of others.

#ifndef QUIPU_ENGINE_VECTORS_PARTITIONS_DIVISION_H_
#define QUIPU_ENGINE_VECTORS_PARTITIONS_DIVISION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/vectors/partitions/centroids.h"
#include "engine/vectors/partitions/coded_rows.h"
#include "engine/vectors/partitions/means.h"

namespace quipu {

// A partition has about so many rows. With more than kMostRows it is divided, with less than kFewestRows its
// rows go to others.
inline constexpr size_t kUsualRows = 150;
inline constexpr size_t kMostRows = 3 * kUsualRows;
inline constexpr size_t kFewestRows = kUsualRows / 8;

struct Division {
  Means means;
  std::vector<uint32_t> part_of;  // of each row: whose mean
};
// Divides rows among so many partitions (of many, about), none of which is empty, though all rows be alike.
// REQUIRES: rows.size() is at least `parts`, which is at least 1.
Division divide(const CodedRows& rows, size_t parts, uint64_t seed);

// The rows of a partition that are nearer to the means of others: where each belongs.
struct Move {
  size_t row;
  uint64_t to;
};
std::vector<Move> misplaced(const CodedRows& rows, uint64_t partition, const Centroids& centroids);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_PARTITIONS_DIVISION_H_
