// StoredPartitions: the partitions that a store keeps of its vectors' codes, for approximate queries: their
// means and what is in none of them yet are in memory, all else is read of the store as it is needed.
//
// A write puts its vectors' codes where they are in no partition. arrange() moves them into partitions later,
// some thousand at a time, and divides those that have become too large; each step is one batch, so that a
// search finds each vector in one place, whoever ends where.
//
// Rows of partitions that queries have read stay in memory, as far as that is given, and so do the vectors
// that they have compared. What a write has removed since is left out.
//
// Thread-safety: as a standard container. Memory: half a byte an element and some 40 bytes a partition of 150
// vectors; the same for each vector in none, of which there are few once all is arranged.

#ifndef QUIPU_ENGINE_STORES_PARTITIONS_STORED_PARTITIONS_H_
#define QUIPU_ENGINE_STORES_PARTITIONS_STORED_PARTITIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/stores/partitions/compared_vectors.h"
#include "engine/stores/partitions/filtered_rows.h"
#include "engine/stores/partitions/partition_cache.h"
#include "engine/stores/partitions/partition_notes.h"
#include "engine/vectors/best_vectors.h"
#include "engine/vectors/codes/rotation.h"
#include "engine/vectors/partitions/calibration.h"
#include "engine/vectors/partitions/centroids.h"
#include "engine/vectors/partitions/coded_rows.h"
#include "engine/vectors/partitions/partition_search.h"
#include "quipu/backend/vector_codes.h"
#include "quipu/status.h"
#include "quipu/vector_store.h"
#include "quipu/write_batch.h"

namespace quipu {

inline RowsView view_of(const CodeBlock& block) {
  return {block.rows,  block.orders, block.along,     block.across,
          block.upper, false,        block.rest_ends, block.rests};
}

class StoredPartitions {
 public:
  // `collection`: of the vectors. `recall`: the share of the nearest that a query is to find, below 1.
  // `bytes`: what rows of partitions and compared vectors may take.
  StoredPartitions(std::string collection, double recall, size_t bytes);

  // Errors: those of the reader, kCorruption for malformed notes.
  Status load(const CodeReader& reader);
  // The same, for those who look for faults: kCorruption, too, for a vector in a partition that is not known.
  Status check(const CodeReader& reader);
  // A write has put this vector, whose place is `order`, or has removed it. False: this has to be loaded
  // anew.
  [[nodiscard]] bool put(uint64_t order, std::span<const double> elements);
  void erase(uint64_t order);
  size_t memory_bytes() const;
  // What it may come to, while as many vectors as now are in no partition.
  size_t most_bytes() const;
  size_t dimensions() const { return note_.dimensions; }
  // How many vectors are in no partition.
  uint64_t in_none() const { return knows_home_ ? home_.size() : home_count_; }
  // Whether so many vectors are in no partition that a step is due.
  bool wants_step() const;

  // Whether top_k() may be asked: there are partitions, few vectors are in none, and codes tell of all.
  bool answers(const TopKQuery& wanted) const;
  // Those that are most likely the nearest, with their exact similarities. `reader`: of the moment that this
  // is of. `passing`: of these alone; of all, if null.
  Result<VectorStoreQueryResult> top_k(const TopKQuery& wanted, const CodeReader& reader,
                                       const FilteredRows::Passing* passing = nullptr) const;

  // A step towards vectors in partitions of a usual size: a batch, and what is to be said here once that has
  // been written.
  struct Step {
    WriteBatch batch;
    PartitionsNote note;
    std::vector<std::pair<uint64_t, std::vector<float>>> means;
    std::unordered_set<uint64_t> changed;  // partitions that have other rows then
    std::vector<uint64_t> gone;            // partitions that are no more
    std::vector<uint64_t> moved;           // orders of vectors that were in no partition
    std::optional<uint64_t> next_home;     // the first block that may have such vectors
  };
  // Nothing where nothing is to be done; with `all` also what can wait. Nobody may write meanwhile. Cost:
  // some tens of milliseconds; with `all`, finding the first partitions, and calibration, seconds for a
  // million vectors.
  Result<std::optional<Step>> next_step(const CodeReader& reader, bool all) const;
  // The batch has been written. Afterwards load() is due where it returns true.
  bool apply(Step step);

 private:
  // Orders of vectors, each with the partition that it goes to.
  using Moves = std::vector<std::pair<uint64_t, uint64_t>>;

  Result<Step> find_partitions(const CodeReader& reader) const;
  Result<Step> move_home_rows(const CodeReader& reader, bool all) const;
  Result<Step> divide_large(const CodeReader& reader) const;
  Status divide_partition(const CodeReader& reader, uint64_t partition,
                          const std::vector<uint64_t>& neighbours, Step& step, Moves& moves) const;
  // Nothing where nothing can be merged.
  Result<std::optional<Step>> merge_small(const CodeReader& reader) const;
  bool has_many_small() const;
  // Whether many more vectors are taken to be in partitions than there are.
  bool has_lost_many(const CodeReader& reader) const;
  Result<Step> calibrate(const CodeReader& reader) const;
  Status load_home(const CodeReader& reader);
  // Calls `use` with the blocks of vectors in no partition, from the first that may have any, until it
  // returns false.
  Status for_each_home_block(const CodeReader& reader,
                             const std::function<bool(const CodeBlock&)>& use) const;
  Result<CodedRows> rows_of(const CodeReader& reader, uint64_t partition) const;
  // Those of a block that have a direction. Zeros have none: they are near nothing, so that no query finds
  // them here, and stay in no partition.
  CodedRows regular_rows(const CodeBlock& block) const;
  size_t bytes_beside_caches() const;
  // Adds moves of these to partitions.
  Status move(const CodeReader& reader, Moves moves, Step& step) const;
  void put_mean(uint64_t partition, std::span<const float> mean, Step& step) const;
  void put_note(Step& step) const;
  // The partitions whose means are most similar to one.
  std::vector<uint64_t> near_partitions(uint64_t partition, size_t count) const;

  // What a search for the k nearest finds; what it took is put into `work`, unless null.
  Result<std::vector<PartitionSearch::Hit>> near_rows(const CodeReader& reader, const Probe& probe, size_t k,
                                                      const Reach& reach,
                                                      const FilteredRows::Passing* passing,
                                                      PartitionSearch::Work* work = nullptr) const;
  Status search_partitions(const CodeReader& reader, const FilteredRows::Passing* passing,
                           PartitionSearch& search, bool& at_home) const;
  // Tells a calibration what its samples, of these elements, have in common with what is near them.
  Status rank_samples(const CodeReader& reader, const std::vector<std::vector<double>>& samples,
                      Calibration& calibration) const;
  // The vectors of these orders, which ascend, and their keys.
  Status for_each_vector(
      const CodeReader& reader, const std::vector<uint64_t>& orders,
      const std::function<void(uint64_t order, std::string_view key, std::span<const double>)>& use) const;
  // Whether what passes is copied, so that queries read nothing else.
  bool is_copied(const CodeReader& reader, const FilteredRows::Passing& passing) const;
  Result<PassingRows> copy_passing(const CodeReader& reader, const FilteredRows::Passing& passing) const;
  // The codes of vectors of these orders, made of the vectors.
  Result<CodedRows> encode(const CodeReader& reader, const std::vector<uint64_t>& orders) const;
  // Vectors of candidates, of memory or of the store.
  Status fetch(const CodeReader& reader, std::span<const NamedCandidate> some,
               const ComparedVectors::Use& use) const;
  // What is not known of hits their rows tell.
  Status look_up(const CodeReader& reader, const Probe& probe, std::vector<PartitionSearch::Hit>& hits) const;
  // All rows of these partitions are given to `use`.
  Status for_each_partition(const CodeReader& reader, std::vector<uint64_t> partitions,
                            const std::function<void(const PackedRows&)>& use) const;

  const std::string collection_;
  const double recall_;
  PartitionsNote note_;
  std::optional<Centroids> centroids_;  // once the dimension is known
  std::optional<VectorEncoder> encoder_;
  std::optional<Rotation> rotation_;
  CodedRows home_{1};                               // what is in no partition, where these are few
  std::unordered_map<uint64_t, size_t> home_rows_;  // by order
  bool knows_home_ = false;
  std::unique_ptr<PartitionCache> cache_;
  std::unique_ptr<ComparedVectors> compared_;
  std::unordered_set<uint64_t> gone_;  // orders that may be in rows of the cache, but have been removed
  uint64_t arrangement_ = 0;           // another one whenever rows have been moved
  uint64_t home_count_ = 0;
  uint64_t next_home_ = 0;
  std::vector<std::string> stale_notes_;  // of vectors of a dimension that are no more
  bool mixed_ = false;                    // there are vectors of another dimension, or too large for a code
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_PARTITIONS_STORED_PARTITIONS_H_
