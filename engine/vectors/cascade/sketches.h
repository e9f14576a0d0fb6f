// Sketches: what an exact search reads first of each vector, an eighth of its upper halves or less: where it
// lies among the directions in which the vectors of a store differ most, in 4 bits each, and how much of it
// lies elsewhere. Where vectors do not fill their space, as embeddings do not, that leaves few of them.
// README.md has the bound.
//
// Sketches are made of codes in memory, and kept nowhere else: once searches have read so much that it pays,
// some groups of rows at a time. So they may be of the first groups only, or of none.
//
// Thread-safety: as a standard container; note_scan() from any threads. Memory: 44 bytes a vector.

#ifndef QUIPU_ENGINE_VECTORS_CASCADE_SKETCHES_H_
#define QUIPU_ENGINE_VECTORS_CASCADE_SKETCHES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/vectors/cascade/principal_directions.h"
#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/codes/page_buffer.h"
#include "engine/vectors/codes/vector_code.h"
#include "engine/vectors/codes/vector_codes.h"

namespace quipu {

class Sketches {
 public:
  // What is known of a group's rows. A vector of length 1 is at most
  // scale * code · query + error + beyond * (what the query has beyond the directions) similar to a query.
  struct Group {
    uint8_t codes[kGroupRows * kChunkBytes];  // turned
    float scale[kGroupRows];
    float error[kGroupRows];
    float beyond[kGroupRows];
  };

  Sketches() = default;
  Sketches(Sketches&& other) noexcept;
  Sketches& operator=(Sketches&&) = delete;
  ~Sketches() = default;

  size_t memory_bytes() const;
  // What they take once all of these vectors have theirs.
  static uint64_t expected_bytes(const VectorCodes& codes);

  // A search has read so many rows without sketches of them.
  void note_scan(size_t rows) const { scanned_.fetch_add(rows, std::memory_order_relaxed); }
  // Whether to learn(): searches have read so many rows that what it takes is little beside it.
  bool wants(const VectorCodes& codes) const;
  // Looks for directions, which may show that there are none that tell enough, or makes the sketches of some
  // more groups. Cost: up to some 0.1 s.
  void learn(const VectorCodes& codes);
  // The row of this slot has another code, or there are fewer slots.
  void changed(const VectorCodes& codes, size_t slot);

  // ---- for those who search ----
  // So many groups have sketches, the first.
  size_t groups() const { return groups_; }
  const Group& group(size_t group) const { return reinterpret_cast<const Group*>(made_.data())[group]; }
  const Directions& directions() const { return directions_; }
  // What rounding may add to a similarity, beside kCodeRounding, and to the square of what a query has beyond
  // the directions.
  double rounding() const { return rounding_; }

 private:
  void find_directions(const VectorCodes& codes);
  bool tell_enough(std::span<const float> sample, size_t dimensions, double error) const;
  void encode_directions(size_t padded);
  void make_group(const VectorCodes& codes, size_t group);
  // `products`: of a row's upper halves with codes and remainders of the directions, so far apart.
  void make_row(const VectorCodes& codes, size_t slot, const int32_t* products, size_t apart);

  Directions directions_;
  std::vector<CodedQuery> coded_;
  std::optional<QueryBlock> block_;  // their codes, then their remainders; nothing yet without directions
  double rounding_ = 0;
  double coding_ = 0;  // how far the coded directions are from the others, together
  PageBuffer made_;
  size_t groups_ = 0;
  size_t useless_for_ = 0;  // so many vectors, if any: no directions told enough
  mutable std::atomic<size_t> scanned_ = 0;
};

// A query on its way through sketches.
class SketchQuery {
 public:
  // `rotated`: of length 1, as it is encoded. `rounding`: what may be added to a cosine's error.
  SketchQuery(const Sketches& sketches, std::span<const float> rotated, double rounding);

  const int8_t* code() const { return coded_.code.data(); }
  // What the cosines of a group's rows with the query are at most; the greatest of them. `products`: of the
  // sketches' codes with the query's.
  float bounds(const Sketches::Group& group, const int32_t* products, float* most) const;

 private:
  CodedQuery coded_;
  int32_t shift_ = 0;
  float factor_ = 0;
  float beyond_ = 0;
  float rest_ = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CASCADE_SKETCHES_H_
