// CodedRows: the upper halves of vectors' codes as kernels read them, each with a number that says whose it
// is: the rows of a partition, or a sample of a store's.
//
// Thread-safety: as a standard container. Memory: half a byte an element, filled up to 64 elements, and 16
// bytes a row, for whole groups of rows.

#ifndef QUIPU_ENGINE_VECTORS_PARTITIONS_CODED_ROWS_H_
#define QUIPU_ENGINE_VECTORS_PARTITIONS_CODED_ROWS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/codes/vector_code.h"

namespace quipu {

// Rows wherever they lie: in a block of the database, or here. Arrays need not be aligned.
struct RowsView {
  size_t count = 0;
  const void* numbers = nullptr;  // uint64_t
  const void* along = nullptr;    // float
  const void* across = nullptr;   // float
  const uint8_t* upper = nullptr;
  bool whole_groups = false;        // `upper` may be read to the end of the last group of rows
  const void* rest_ends = nullptr;  // uint32_t, where the bytes of each one's CodeRest end; or null
  const char* rests = nullptr;

  std::string_view rest(size_t row) const {
    if (rest_ends == nullptr) return {};
    uint32_t around[2] = {};
    const auto* const ends = static_cast<const char*>(rest_ends) + row * sizeof(uint32_t);
    std::memcpy(&around[row == 0 ? 1 : 0], row == 0 ? ends : ends - sizeof(uint32_t),
                row == 0 ? sizeof(uint32_t) : sizeof(around));
    return {rests + around[0], around[1] - around[0]};
  }
};

class CodedRows {
 public:
  // `dimensions`: of vectors that have codes.
  explicit CodedRows(size_t dimensions) : dimensions_(dimensions) {}

  size_t dimensions() const { return dimensions_; }
  size_t size() const { return numbers_.size(); }
  size_t memory_bytes() const;
  void reserve(size_t rows);
  // `upper`: chunks() * kChunkBytes of them. Throws std::bad_alloc.
  void add(uint64_t number, const Direction& coarse, std::span<const uint8_t> upper);
  // `rest`: the bytes of its CodeRest.
  void add(uint64_t number, const Direction& coarse, std::span<const uint8_t> upper, std::string_view rest);
  void add(const CodedRows& from, size_t row);  // but for its rest
  void add(const RowsView& rows);
  void add_with_rests(const RowsView& rows);
  void move_last_to(size_t row);  // drops the last row, and all rests

  uint64_t number(size_t row) const { return numbers_[row]; }
  Direction coarse(size_t row) const { return {along_[row], across_[row]}; }
  // A direction's product with a row's, divided by this, is about that with the vector of length 1.
  float along(size_t row) const { return along_[row]; }

  size_t chunks() const { return (dimensions_ + kElementsOfChunk - 1) / kElementsOfChunk; }
  size_t row_bytes() const { return chunks() * kChunkBytes; }
  std::span<const uint8_t> upper(size_t row) const {
    return {codes_.data() + row * row_bytes(), row_bytes()};
  }
  size_t groups() const { return (size() + kGroupRows - 1) / kGroupRows; }
  size_t rows_of_group(size_t group) const {
    return group + 1 < groups() ? kGroupRows : size() - group * kGroupRows;
  }
  RowsView view() const {
    return {size(),
            numbers_.data(),
            along_.data(),
            across_.data(),
            codes_.data(),
            true,
            rest_ends_.empty() ? nullptr : rest_ends_.data(),
            rests_.data()};
  }
  // They are read soon. What follows the first lines the processor fetches by itself.
  void prefetch() const {
    constexpr size_t kLine = 64;
    constexpr size_t kLines = 16;
    for (size_t at = 0; at < std::min(codes_.size(), kLines * kLine); at += kLine) {
      __builtin_prefetch(codes_.data() + at);
    }
    __builtin_prefetch(along_.data());
    __builtin_prefetch(numbers_.data());
  }
  GroupCodes group(size_t group) const {
    const size_t bytes = kGroupRows * row_bytes();
    return {codes_.data() + group * bytes, chunks(), group + 1 < groups() ? bytes : 0};
  }

 private:
  template <class T>
  struct Aligned {
    using value_type = T;
    Aligned() = default;
    template <class U>
    explicit Aligned(const Aligned<U>& /*other*/) {}
    T* allocate(size_t count) {
      return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(64)));
    }
    void deallocate(T* at, size_t /*count*/) { ::operator delete(at, std::align_val_t(64)); }
    bool operator==(const Aligned&) const = default;
  };

  size_t dimensions_;
  std::vector<uint8_t, Aligned<uint8_t>> codes_;  // of whole groups
  std::vector<float> along_;
  std::vector<float> across_;
  std::vector<uint64_t> numbers_;
  std::vector<uint32_t> rest_ends_;  // none, or of all rows
  std::string rests_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_PARTITIONS_CODED_ROWS_H_
