// Centroids: the means of all partitions of a store, and which of them are near a query.
//
// Those that are near one another are kept together, in groups, so that a query looks at the groups first. A
// partition, and a group in the same way, may have vectors that are nearer to a query than its mean is, by
// some multiple of its spread: what is calibrated to a recall (reach.h).
//
// Thread-safety: as a standard container. Memory: half a byte an element and some 40 bytes a partition. Cost:
// to put or erase one some microseconds, and from time to time all are grouped anew.

#ifndef QUIPU_ENGINE_VECTORS_PARTITIONS_CENTROIDS_H_
#define QUIPU_ENGINE_VECTORS_PARTITIONS_CENTROIDS_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/vectors/partitions/coded_rows.h"
#include "engine/vectors/partitions/means.h"
#include "engine/vectors/partitions/probe.h"

namespace quipu {

// How far beyond their means partitions and groups of them are taken to reach, in their spreads; and by how
// many standard deviations of what the upper half of a code tells a row may be nearer than that.
struct Reach {
  float partition = 1;
  float group = 1;
  float deviations = 2.5;
};

class Centroids {
 public:
  explicit Centroids(size_t dimensions) : dimensions_(dimensions), group_means_(dimensions) {}

  size_t dimensions() const { return dimensions_; }
  size_t size() const { return places_.size(); }
  bool contains(uint64_t partition) const { return places_.contains(partition); }
  size_t memory_bytes() const;
  std::vector<uint64_t> partitions() const;
  // As it is known here: of 4 bits an element.
  std::vector<float> mean(uint64_t partition) const;

  // Adds a partition, or gives one another mean.
  void put(uint64_t partition, std::span<const float> mean);
  // The same for many, one after the other, that are grouped when end_filling() says that all are there: some
  // 2 us each.
  void fill(uint64_t partition, std::span<const float> mean);
  void end_filling();
  void erase(uint64_t partition);

  // For each row the partition from whose mean it is the least distance, of the partitions in the groups that
  // are the nearest. REQUIRES: size() != 0. Cost: of the product of each row with some eight times the root
  // of size() means; many rows at once are the fastest.
  std::vector<uint64_t> nearest(const CodedRows& rows) const;

  // ---- for those who search ----
  struct Scored {
    float similarity;  // to the mean
    float spread;      // of vectors around it
    uint64_t number;   // of the partition, or of the group
  };
  size_t groups() const { return groups_.size(); }
  // Of all groups; of all partitions of a group.
  void score_groups(const Probe& query, std::vector<Scored>& scored) const;
  void score_group(const Probe& query, size_t group, std::vector<Scored>& scored) const;
  // The group that has a partition.
  size_t group_of(uint64_t partition) const { return places_.at(partition).group; }

 private:
  struct Nearest {
    float distance = std::numeric_limits<float>::infinity();
    uint64_t number = 0;
  };
  // Means as rows, with their lengths.
  struct Coded {
    explicit Coded(size_t dimensions) : rows(dimensions) {}
    void add(uint64_t number, std::span<const float> mean);
    void add(const Coded& from, size_t row);
    void erase(size_t row);
    void score(const Probe& probe, std::vector<Scored>& scored) const;
    // Of a group of kernels: which mean is less than `least` away, or kGroupRows.
    size_t least_distance(const Probe& probe, size_t group, const int32_t* products, float& least) const;
    // Those of `probes` that are `looking` have means here that are nearer, if any are.
    void look_for_nearest(const std::vector<Probe>& probes, std::span<const uint32_t> looking,
                          std::vector<Nearest>& nearest) const;

    CodedRows rows;
    std::vector<float> lengths;
    std::vector<float> factors;  // a direction's product with a row's, times this, is that with the mean
    std::vector<float> spreads;
  };
  struct Place {
    uint32_t group;
    uint32_t row;
  };

  void add(uint64_t partition, std::span<const float> mean);
  void group_anew();
  std::vector<std::vector<uint32_t>> rows_of_groups(const std::vector<Probe>& probes) const;
  std::vector<float> mean_at(const Place& place) const;

  const size_t dimensions_;
  std::vector<Coded> groups_;
  Coded group_means_;
  std::unordered_map<uint64_t, Place> places_;
  size_t grouped_size_ = 0;  // partitions when they were grouped
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_PARTITIONS_CENTROIDS_H_
