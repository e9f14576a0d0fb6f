#include "engine/vectors/partitions/division.h"

#include <algorithm>

namespace quipu {

Division divide(const CodedRows& rows, size_t parts, uint64_t seed) {
  Division division{find_means(rows, parts, seed), {}};
  division.part_of = nearest_means(rows, division.means);
  parts = std::max(parts, division.means.size());
  while (division.means.size() < parts) division.means.add();
  std::vector<size_t> counts(parts);
  for (const uint32_t part : division.part_of) ++counts[part];
  for (uint32_t part = 0; part < parts; ++part) {
    if (counts[part] != 0) continue;
    // Half of the rows of the largest.
    const auto largest = static_cast<uint32_t>(std::ranges::max_element(counts) - counts.begin());
    for (size_t row = 0, left = counts[largest] / 2; left != 0; ++row) {
      if (division.part_of[row] != largest) continue;
      division.part_of[row] = part;
      ++counts[part];
      --counts[largest];
      --left;
    }
  }
  for (uint32_t part = 0; part < parts; ++part) std::ranges::fill(division.means[part], 0.0F);
  for (size_t row = 0; row < rows.size(); ++row) {
    const uint32_t part = division.part_of[row];
    add_row(rows, row, 1 / static_cast<float>(counts[part]), division.means[part]);
  }
  return division;
}

std::vector<Move> misplaced(const CodedRows& rows, uint64_t partition, const Centroids& centroids) {
  std::vector<Move> moves;
  const std::vector<uint64_t> nearest = centroids.nearest(rows);
  for (size_t row = 0; row < rows.size(); ++row) {
    if (nearest[row] != partition) moves.push_back({row, nearest[row]});
  }
  return moves;
}

}  // namespace quipu
