// The notes beside a store's codes that tell of its partitions, as docs/FORMAT.md has them.

#ifndef QUIPU_ENGINE_STORES_PARTITIONS_PARTITION_NOTES_H_
#define QUIPU_ENGINE_STORES_PARTITIONS_PARTITION_NOTES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/vectors/partitions/centroids.h"

namespace quipu {

inline constexpr std::string_view kPartitionsNote = "partitions";
inline constexpr std::string_view kMeanNote = "mean/";

// What is known of all partitions.
struct PartitionsNote {
  size_t dimensions = 0;
  uint64_t next = 0;        // the number of the next one
  double recall = 0;        // that the reach is calibrated for; 0: it is not yet
  uint64_t calibrated = 0;  // how many there were then
  Reach reach;
  uint64_t newest = 0;                // the greatest order of a vector that has been in one
  std::map<uint64_t, uint32_t> rows;  // of each about how many it has

  std::string to_bytes() const;
  static std::optional<PartitionsNote> parse(std::string_view bytes);
};

// The key of a partition's mean, and back.
std::string mean_key(uint64_t partition);
std::optional<uint64_t> partition_of_mean_key(std::string_view key);

std::string mean_to_bytes(std::span<const float> mean);
// Nothing where it is malformed.
std::optional<std::vector<float>> parse_mean(std::string_view bytes, size_t dimensions);

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_PARTITIONS_PARTITION_NOTES_H_
