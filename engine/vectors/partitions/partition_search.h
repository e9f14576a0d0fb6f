// PartitionSearch: the rows that are most likely the nearest to a query, of those partitions that may have
// them. Who searches reads what next() names, from wherever it is kept:
//
//   PartitionSearch search(centroids, probe, {.k = 10, .reach = reach});
//   for (auto partitions = search.next(8); !partitions.empty(); partitions = search.next(8)) {
//     for (uint64_t partition : partitions) search.take(rows_of(partition));
//   }
//   search.hits();
//
// First comes one whose mean is near, by itself: its rows tell of most others that they need not be looked
// at. Those that are left come in the order of the similarity that their rows may reach: that of the mean and
// some multiple of the spread. When no other one may reach the k-th best row so far, none comes any more; so
// a filter that few rows pass, or a query far from all rows, has more of them read. Of the partitions that
// are looked at, that which a row like the query would be in is always among them.
//
// Thread-safety: one thread at a time. The centroids must outlive it and stay as they are.

#ifndef QUIPU_ENGINE_VECTORS_PARTITIONS_PARTITION_SEARCH_H_
#define QUIPU_ENGINE_VECTORS_PARTITIONS_PARTITION_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/vectors/partitions/centroids.h"
#include "engine/vectors/partitions/coded_rows.h"
#include "engine/vectors/partitions/packed_rows.h"
#include "engine/vectors/partitions/probe.h"

namespace quipu {

class PartitionSearch {
 public:
  struct Wanted {
    size_t k = 1;  // at least
    Reach reach;
    // Whether a row counts; empty: all do. Asked of those alone that are near enough.
    std::function<bool(uint64_t number)> passes = {};
  };
  PartitionSearch(const Centroids& centroids, const Probe& probe, Wanted wanted);

  // The next partitions, at most so many; none when it is over. What has been named is taken first.
  std::vector<uint64_t> next(size_t at_most);
  // Of a partition, or of none.
  void take(const RowsView& rows);
  void take(const PackedRows& rows) { take(rows, 0, rows.size()); }
  // Of those from `begin` to `end`.
  void take(const PackedRows& rows, size_t begin, size_t end);

  struct Hit {
    uint64_t number;
    int32_t product;   // of the upper halves of its code with the probe's
    float similarity;  // as estimated, ...
    float error;       // ... by this too low at most
    bool is_known;     // the row's rest has told its key
    std::string key;
  };
  // All that may be among the k best, as far as upper halves can tell, the best first.
  std::vector<Hit> hits();

  // What it has taken.
  struct Work {
    size_t partitions = 0;
    size_t rows = 0;
  };
  const Work& work() const { return work_; }

 private:
  struct Place {
    float reached;  // what similarity its rows may have
    bool is_group;
    uint64_t number;
  };

  void put(const Centroids::Scored& scored, float reach, bool is_group);
  void expand(size_t group);
  std::vector<uint64_t> first();
  size_t chunks() const;
  // Of kGroupRows rows from row `first` of `rows` on those whose bits are set.
  void take_rows(const RowsView& rows, size_t first, uint64_t left, const int32_t* products,
                 const float* along);
  void multiply(const PackedRows& rows, size_t group, uint64_t wanted, int32_t* products) const;
  // What a row's rest tells of it. False: that it is not among the best.
  bool look_closer(std::string_view rest, Hit& hit) const;
  void hit(Hit hit);
  bool may_be_best(const Hit& hit) const { return hit.similarity + hit.error >= threshold_; }
  // By how much an estimate of upper halves may be too low.
  float margin(float similarity) const;
  void raise_threshold();

  const Centroids& centroids_;
  const Probe& probe_;
  const Wanted wanted_;
  std::optional<QueryBlock> turned_query_;  // for rows that lie turned
  std::vector<Place> places_;  // once the first is named a heap, that which reaches farthest in front
  std::vector<Centroids::Scored> scored_;
  std::vector<uint64_t> named_;
  uint64_t nearest_ = 0;  // the partition whose mean is the least distance away
  float least_distance_ = std::numeric_limits<float>::infinity();
  std::vector<Hit> hits_;
  std::vector<float> best_;  // a heap of the k best similarities, the least in front
  float threshold_ = -std::numeric_limits<float>::infinity();  // the k-th best, ...
  float limit_ = -std::numeric_limits<float>::infinity();      // ... less what upper halves may be wrong by
  float error_ = 0;  // how far a code's direction usually is from its vector's
  size_t prune_at_ = 0;
  std::vector<uint8_t> last_rows_;  // of a group that is not whole
  Work work_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_PARTITIONS_PARTITION_SEARCH_H_
