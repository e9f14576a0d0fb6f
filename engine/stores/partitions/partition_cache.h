// PartitionCache: rows of partitions that have been read lately, as a search reads them, within some memory.
//
// Thread-safety: any number of threads. Cost: a look-up each, under one lock for all that are asked for.

#ifndef QUIPU_ENGINE_STORES_PARTITIONS_PARTITION_CACHE_H_
#define QUIPU_ENGINE_STORES_PARTITIONS_PARTITION_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/vectors/partitions/packed_rows.h"

namespace quipu {

class PartitionCache {
 public:
  using Rows = std::shared_ptr<const PackedRows>;

  explicit PartitionCache(size_t bytes) : bytes_(bytes) {}

  // Takes those that are there out of `partitions`, and puts their rows behind `rows`.
  void get(std::vector<uint64_t>& partitions, std::vector<Rows>& rows);
  void put(uint64_t partition, Rows rows);
  void erase(uint64_t partition);
  void clear();
  size_t memory_bytes() const;
  size_t most_bytes() const { return bytes_; }

 private:
  struct Place {
    Rows rows;
    bool is_used = false;  // since the hand was there
  };

  // Of a partition; null: it has none yet.
  Place* find(uint64_t partition);
  void make_room(size_t bytes);
  void drop(Place& place);

  const size_t bytes_;
  mutable std::mutex mutex_;
  std::vector<Place> places_;  // by the partition's number, which grow one by one
  size_t hand_ = 0;            // goes round: what has not been used since it came by goes
  size_t used_bytes_ = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_PARTITIONS_PARTITION_CACHE_H_
