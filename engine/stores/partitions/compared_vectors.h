// ComparedVectors: vectors that queries have compared lately, within some memory, so that they need not be
// read again.
//
// Thread-safety: any number of threads; what has changed in the store is said before others ask. Cost: a look
// into a table each. Memory: an element as the database has it, 4 bytes or 8, and some 120 bytes a vector.

#ifndef QUIPU_ENGINE_STORES_PARTITIONS_COMPARED_VECTORS_H_
#define QUIPU_ENGINE_STORES_PARTITIONS_COMPARED_VECTORS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <span>
#include <unordered_map>
#include <vector>

namespace quipu {

class ComparedVectors {
 public:
  explicit ComparedVectors(size_t bytes) : bytes_(bytes) {}

  using Use = std::function<void(size_t i, std::span<const double>)>;
  // Calls `use` with each of these orders that is there, and returns the places of the others.
  std::vector<size_t> use_those_there(std::span<const uint64_t> orders, const Use& use) const;
  void put(uint64_t order, std::span<const double> elements);
  void forget(uint64_t order);
  void clear();
  size_t memory_bytes() const;
  size_t most_bytes() const { return bytes_; }

 private:
  struct Vector {
    uint64_t order;
    std::unique_ptr<float[]> floats;    // where these are all that there is to the elements
    std::unique_ptr<double[]> doubles;  // elsewhere
    size_t size;
    mutable std::atomic<bool> is_used = true;  // since the hand was there

    size_t memory_bytes() const;
  };

  void drop_at_hand();
  // The last one takes the place of what goes, and has the hand's next turn there.
  void drop(size_t place);

  const size_t bytes_;
  mutable std::shared_mutex mutex_;  // guards what follows
  std::vector<std::unique_ptr<const Vector>> vectors_;
  std::unordered_map<uint64_t, size_t> places_;
  size_t hand_ = 0;  // goes round: what has not been used since it came by goes
  size_t used_bytes_ = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_PARTITIONS_COMPARED_VECTORS_H_
