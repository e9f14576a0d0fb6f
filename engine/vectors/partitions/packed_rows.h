// PackedRows: the rows of a partition in one piece of memory, in the order in which a search reads it: of
// each group of rows the lengths along their codes and then the codes, so that the processor fetches them
// ahead; behind all groups what is read of the few rows that are near, their numbers and rests.
//
// Codes of one chunk lie turned round (codes/code_kernels.h). Thread-safety: immutable.

#ifndef QUIPU_ENGINE_VECTORS_PARTITIONS_PACKED_ROWS_H_
#define QUIPU_ENGINE_VECTORS_PARTITIONS_PACKED_ROWS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/partitions/coded_rows.h"

namespace quipu {

class PackedRows {
 public:
  // Copies them. `dimensions`: of vectors that have codes. Throws std::bad_alloc.
  PackedRows(const RowsView& rows, size_t dimensions);

  size_t size() const { return size_; }
  size_t memory_bytes() const { return sizeof(*this) + bytes_; }
  size_t chunks() const { return chunks_; }
  bool is_turned() const { return chunks_ == 1; }
  size_t groups() const { return (size_ + kGroupRows - 1) / kGroupRows; }
  size_t rows_of_group(size_t group) const { return std::min(kGroupRows, size_ - group * kGroupRows); }
  // Of kGroupRows rows; 0 where there is none.
  const float* along(size_t group) const {
    return reinterpret_cast<const float*>(memory_.get() + group * group_bytes());
  }
  GroupCodes codes(size_t group) const {
    const uint8_t* const rows = memory_.get() + group * group_bytes() + kAlongBytes;
    return {rows, chunks_, group + 1 < groups() ? group_bytes() : 0};
  }
  // How far a code's direction usually is from its vector's; 0 where no row has one.
  float error() const { return error_; }
  // Numbers and rests of the rows, and nothing else.
  RowsView names() const;

 private:
  static constexpr size_t kAlongBytes = kGroupRows * sizeof(float);
  struct Free {
    void operator()(uint8_t* at) const { ::operator delete(at, std::align_val_t(64)); }
  };

  size_t group_bytes() const { return kAlongBytes + kGroupRows * chunks_ * kChunkBytes; }
  void put_row(const RowsView& rows, size_t row);

  const size_t size_;
  const size_t chunks_;
  float error_ = 0;
  bool has_rests_ = false;
  size_t bytes_ = 0;
  std::unique_ptr<uint8_t, Free> memory_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_PARTITIONS_PACKED_ROWS_H_
