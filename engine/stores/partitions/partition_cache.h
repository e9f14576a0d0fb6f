// PartitionCache: rows of partitions that have been read lately, as kernels read them, within some memory.
//
// Thread-safety: any number of threads. Cost: a look-up each, under one lock for all that are asked for.

#ifndef QUIPU_ENGINE_STORES_PARTITIONS_PARTITION_CACHE_H_
#define QUIPU_ENGINE_STORES_PARTITIONS_PARTITION_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/vectors/partitions/coded_rows.h"

namespace quipu {

class PartitionCache {
 public:
  using Rows = std::shared_ptr<const CodedRows>;

  explicit PartitionCache(size_t bytes) : bytes_(bytes) {}

  // Takes those that are there out of `partitions`, and puts their rows behind `rows`.
  void get(std::vector<uint64_t>& partitions, std::vector<Rows>& rows);
  void put(uint64_t partition, Rows rows);
  void erase(uint64_t partition);
  void clear();
  size_t memory_bytes() const;
  size_t most_bytes() const { return bytes_; }

 private:
  using Some = std::unordered_map<uint64_t, Rows>;

  Rows find(uint64_t partition);
  void add(uint64_t partition, Rows rows);
  static size_t bytes_of(const Some& some);

  const size_t bytes_;
  mutable std::mutex mutex_;
  // What was asked for since `recent_` was full is there; all of `older_` goes when it is full again.
  Some recent_;
  Some older_;
  size_t recent_bytes_ = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_PARTITIONS_PARTITION_CACHE_H_
