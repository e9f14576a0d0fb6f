// VectorBlock: int8 codes of the normalised vectors of one dimension, each with a bound of its error. It
// tells which few vectors may be the best; their similarities are then computed from the stored elements.
//
// With u = x/|x| stored as codes c and scale s, e = |u - s·c|, and a query v, |v| = 1, stored as d and t with
// f = |v - t·d|:   |u·v - s·t·(c·d)| <= e·|v| + |s·c|·f <= e + (1 + e)·f   (Cauchy-Schwarz, twice).
// Thread-safety: as a standard container.

#ifndef QUIPU_ENGINE_VECTORS_VECTOR_BLOCK_H_
#define QUIPU_ENGINE_VECTORS_VECTOR_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quipu/vector_store.h"

namespace quipu {

class VectorBlock {
 public:
  explicit VectorBlock(size_t dimensions);

  size_t dimensions() const { return dimensions_; }
  size_t size() const { return norms_.size(); }
  size_t memory_bytes() const {
    return codes_.capacity() + (scales_.capacity() + errors_.capacity()) * sizeof(float) +
           norms_.capacity() * sizeof(double);
  }
  // Whether the bounds do not hold: a vector has no regular norm, or all are too long for integers to add up.
  bool has_irregular() const { return irregular_ != 0 || dimensions_ > kMaxDimensions; }

  size_t add(std::span<const double> elements);  // its slot, the last
  void set(size_t slot, std::span<const double> elements);
  void move_last_to(size_t slot);  // drops the last slot

  // Slots among which the `k` most similar of `allowed` (null: of all) must be. REQUIRES: !has_irregular(),
  // the query has a regular norm, k > 0.
  std::vector<uint32_t> candidates(std::span<const double> query, size_t k, SimilarityMode mode,
                                   const std::vector<uint32_t>* allowed) const;

 private:
  static constexpr size_t kMaxDimensions = 1 << 20;

  struct Query;
  Query encode(std::span<const double> query) const;
  void encode(size_t slot, std::span<const double> elements);
  void prefetch(size_t slot) const;
  template <class SlotAt>
  std::vector<uint32_t> best(const Query& query, size_t count, size_t k, SimilarityMode mode, SlotAt slot_at,
                             const std::vector<int32_t>& products) const;

  const size_t dimensions_;
  const size_t stride_;  // bytes from one vector's codes to the next's
  std::vector<int8_t> codes_;
  std::vector<float> scales_;
  std::vector<float> errors_;
  std::vector<double> norms_;
  size_t irregular_ = 0;
};

double norm_of(std::span<const double> elements);
// Whether a vector of this norm has a direction, and products of its elements are neither lost nor infinite.
// Zero, NaN and infinite ones are not regular, nor are those at the ends of what a double holds.
bool is_regular(double norm);

// As float64 computes it. REQUIRES: both have the same size, and these norms.
double similarity(std::span<const double> a, double a_norm, std::span<const double> b, double b_norm,
                  SimilarityMode mode);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_VECTOR_BLOCK_H_
