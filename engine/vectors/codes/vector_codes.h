// VectorCodes: the codes of the vectors of one dimension, in slots that follow one another.
//
// What every query reads of all vectors, the upper halves of codes, lies apart from what it reads of few.
// Thread-safety: as a standard container. Cost: a byte an element, filled up to 64 elements, and 24 bytes a
// vector, for groups of 64 vectors; adding takes some 3 ns an element.

#ifndef QUIPU_ENGINE_VECTORS_CODES_VECTOR_CODES_H_
#define QUIPU_ENGINE_VECTORS_CODES_VECTOR_CODES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/codes/page_buffer.h"
#include "engine/vectors/codes/rotation.h"
#include "engine/vectors/codes/vector_code.h"
#include "quipu/backend/features.h"

namespace quipu {

class VectorCodes {
 public:
  explicit VectorCodes(size_t dimensions);

  size_t dimensions() const { return dimensions_; }
  size_t size() const { return size_; }
  size_t memory_bytes() const {
    return groups() * (scanned_bytes_ + (has_lower_halves_ ? looked_up_bytes_ : 0)) + size_ * sizeof(double);
  }
  // Whether codes tell nothing: a vector has no regular norm, or all are too long for sums to be as exact as
  // kCodeRounding has it; no codes are kept of such.
  bool has_irregular() const { return irregular_ != 0 || is_too_long(); }

  // Its slot, the last. Throws std::bad_alloc, and has changed nothing then.
  size_t add(std::span<const double> elements) { return add(encoder_.encode(elements)); }
  size_t add(const VectorCode& code);
  void set(size_t slot, std::span<const double> elements) { set(slot, encoder_.encode(elements)); }
  void move_last_to(size_t slot);  // drops the last slot

  void truncate(size_t size) { resize(size); }  // drops the last slots; settle() is due
  // Slots for so many more vectors, whose codes come in blocks: put_rows() gives those from `slot` on what
  // the rows of a block have, beside others that put into other slots; put_row() one of them. settle(): all
  // have theirs. Lower halves, if any, are not touched.
  void grow(size_t count) { resize(size_ + count); }
  void put_rows(size_t slot, const CodeBlock& block);
  void put_row(size_t slot, const CodeBlock& block, size_t row);
  void settle();
  // From now on half of the memory is taken, and more vectors are candidates: those that the upper halves
  // alone cannot tell from the best.
  void drop_lower_halves();
  bool has_lower_halves() const { return has_lower_halves_; }

  // ---- for those who scan ----
  // What makes a vector's elements, divided by its norm, those that are encoded.
  const Rotation& rotation() const { return encoder_.rotation(); }
  size_t chunks() const { return chunks_; }
  size_t padded_dimensions() const { return chunks_ * kElementsOfChunk; }
  size_t groups() const { return (size_ + kGroupRows - 1) / kGroupRows; }
  size_t rows_of_group(size_t group) const {
    return group + 1 < groups() ? kGroupRows : size_ - group * kGroupRows;
  }

  // What is known of each row of a group by the upper halves of its codes.
  struct Coarse {
    float along[kGroupRows];
    float across[kGroupRows];
  };
  const Coarse& coarse(size_t group) const {
    return *reinterpret_cast<const Coarse*>(scanned_.data() + group * scanned_bytes_);
  }
  const uint8_t* upper_halves(size_t slot) const {
    return row(scanned_, scanned_bytes_, sizeof(Coarse), slot);
  }
  GroupCodes group(size_t group) const { return {upper_halves(group * kGroupRows), chunks_, scanned_bytes_}; }
  // Rows that lie apart are read about as fast as all in turn when they are asked for early.
  void prefetch_upper_halves(size_t slot) const {
    const Coarse& of_group = coarse(slot / kGroupRows);
    __builtin_prefetch(of_group.along + slot % kGroupRows);
    __builtin_prefetch(of_group.across + slot % kGroupRows);
    prefetch(upper_halves(slot));
  }

  // What is known by whole codes. REQUIRES, all: has_lower_halves().
  const Direction& fine(size_t slot) const {
    return reinterpret_cast<const Direction*>(looked_up_.data() +
                                              slot / kGroupRows * looked_up_bytes_)[slot % kGroupRows];
  }
  const uint8_t* lower_halves(size_t slot) const {
    return row(looked_up_, looked_up_bytes_, kGroupRows * sizeof(Direction), slot);
  }
  GroupCodes lower_halves_of_group(size_t group) const {
    return {lower_halves(group * kGroupRows), chunks_, looked_up_bytes_};
  }
  void prefetch_lower_halves(size_t slot) const {
    __builtin_prefetch(&fine(slot));
    __builtin_prefetch(&norm(slot));
    prefetch(lower_halves(slot));
  }

  const double& norm(size_t slot) const { return norms_[slot]; }
  std::span<const double> norms(size_t group) const {
    return std::span(norms_).subspan(group * kGroupRows, rows_of_group(group));
  }

 private:
  bool is_too_long() const { return dimensions_ > kMaxCodedDimensions; }
  Coarse& coarse_of(size_t slot) { return const_cast<Coarse&>(coarse(slot / kGroupRows)); }
  const uint8_t* row(const PageBuffer& groups, size_t group_bytes, size_t before, size_t slot) const {
    return groups.data() + slot / kGroupRows * group_bytes + before + slot % kGroupRows * row_bytes_;
  }
  void prefetch(const uint8_t* row) const {
    for (size_t at = 0; at < row_bytes_; at += 64) __builtin_prefetch(row + at);
  }
  void resize(size_t size);
  void set(size_t slot, const VectorCode& code);

  const size_t dimensions_;
  const size_t chunks_;
  const size_t row_bytes_;      // of one row's halves
  const size_t scanned_bytes_;  // of a group
  const size_t looked_up_bytes_;
  CodeEncoder encoder_;
  PageBuffer scanned_;
  PageBuffer looked_up_;
  std::vector<double> norms_;
  bool has_lower_halves_ = true;
  size_t size_ = 0;
  size_t irregular_ = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CODES_VECTOR_CODES_H_
