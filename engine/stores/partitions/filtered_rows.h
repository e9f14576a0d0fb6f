// FilteredRows: which of a store's vectors pass metadata filters, known by their orders, for approximate
// queries. What passes the last few filters is remembered until something is written, with its codes where
// these are a small part of all: a query compares just these.
//
// Thread-safety: passing() beside itself; all else as a standard container. Memory: 60 bytes a vector and 4
// for each key that filters have named, once there was a filter.

#ifndef QUIPU_ENGINE_STORES_PARTITIONS_FILTERED_ROWS_H_
#define QUIPU_ENGINE_STORES_PARTITIONS_FILTERED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/layout/storage_layout.h"
#include "engine/vectors/filters/metadata_columns.h"
#include "engine/vectors/partitions/packed_rows.h"
#include "quipu/kv_store.h"
#include "quipu/vector_store.h"

namespace quipu {

// Codes of what passes filters, those of each partition together.
struct PassingRows {
  PackedRows rows;
  // From which row to which they are, by partition; by 0: of what is in none.
  std::unordered_map<uint64_t, std::pair<size_t, size_t>> of_partitions;
  uint64_t arrangement = 0;  // that partitions had then
};

class FilteredRows {
 public:
  class Passing {
   public:
    explicit Passing(std::vector<uint64_t> orders);

    const std::vector<uint64_t>& orders() const { return orders_; }  // ascending
    bool contains(uint64_t order) const;
    size_t memory_bytes() const;
    // What `make` has made of this arrangement, by whoever asked first.
    template <class Make>
    Result<std::shared_ptr<const PassingRows>> rows(uint64_t arrangement, const Make& make) const {
      const std::lock_guard lock(mutex_);
      if (!rows_ || rows_->arrangement != arrangement) {
        QUIPU_ASSIGN_OR_RETURN(PassingRows made, make());
        rows_ = std::make_shared<const PassingRows>(std::move(made));
      }
      return rows_;
    }

   private:
    const std::vector<uint64_t> orders_;
    std::vector<uint64_t> bits_;  // of the orders from the first one on, where they lie close together
    mutable std::mutex mutex_;
    mutable std::shared_ptr<const PassingRows> rows_;
  };

  bool knows(const MetadataFilters& filters) const;
  // Reads the keys that these filters name of all metadata. Errors: those of the store.
  Status learn(const BaseKVStore& store, const VectorCollections& collections,
               const MetadataFilters& filters);
  // A vector has this metadata now, or is no more.
  void put(uint64_t order, JsonView metadata);
  void erase(uint64_t order);
  size_t memory_bytes() const;
  // How many vectors it knows.
  size_t size() const { return rows_.size(); }

  // Null where the filters fail for a vector, as a search of all of them has to tell. REQUIRES: knows().
  std::shared_ptr<const Passing> passing(const MetadataFilters& filters) const;

 private:
  static constexpr uint64_t kGone = UINT64_MAX;

  uint32_t row_of(uint64_t order);
  std::shared_ptr<const Passing> select(const MetadataFilters& filters) const;

  std::unordered_map<uint64_t, uint32_t> rows_;  // by order
  std::vector<uint64_t> orders_;                 // of rows; kGone: of none
  MetadataColumns columns_;
  mutable std::mutex mutex_;  // guards what follows among queries
  mutable std::list<std::pair<std::string, std::shared_ptr<const Passing>>> recent_;  // the newest in front
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_PARTITIONS_FILTERED_ROWS_H_
