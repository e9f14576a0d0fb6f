// Means of coded vectors: what a partition is known by. Their elements are those of rotated vectors
// (codes/rotation.h).
//
// Thread-safety: as a standard container.

#ifndef QUIPU_ENGINE_VECTORS_PARTITIONS_MEANS_H_
#define QUIPU_ENGINE_VECTORS_PARTITIONS_MEANS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/partitions/coded_rows.h"

namespace quipu {

class Means {
 public:
  explicit Means(size_t dimensions) : dimensions_(dimensions) {}

  size_t dimensions() const { return dimensions_; }
  size_t size() const { return elements_.size() / dimensions_; }
  std::span<const float> operator[](size_t mean) const {
    return std::span(elements_).subspan(mean * dimensions_, dimensions_);
  }
  std::span<float> operator[](size_t mean) {
    return std::span(elements_).subspan(mean * dimensions_, dimensions_);
  }
  // One that is zero.
  std::span<float> add();
  void add(std::span<const float> mean) { elements_.insert(elements_.end(), mean.begin(), mean.end()); }

 private:
  size_t dimensions_;
  std::vector<float> elements_;
};

// The vector of length 1 that a row's code stands for, times `weight`, is added to `sum`.
void add_row(const CodedRows& rows, size_t row, float weight, std::span<float> sum);
// The mean of all rows, of which there must be one.
std::vector<float> mean_of(const CodedRows& rows);

// For each row the mean that it is the least distance from. Cost: O(rows * means), some 3 ns for 768
// elements.
std::vector<uint32_t> nearest_means(const CodedRows& rows, const Means& means,
                                    const CodeKernels& kernels = code_kernels().front());

// Moves means to where the rows are to which they are the nearest, so many times; one without rows is put
// among those of another. `nearest`: of the means before the last move.
void move_means(const CodedRows& rows, size_t rounds, uint64_t seed, Means& means,
                std::vector<uint32_t>& nearest);

// So many means of rows (of many, about, and no more), at most one a row, of which each is in the midst of
// about as many. REQUIRES: there is a row.
Means find_means(const CodedRows& rows, size_t count, uint64_t seed);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_PARTITIONS_MEANS_H_
