#include "engine/vectors/partitions/packed_rows.h"

#include <cstring>

namespace quipu {

PackedRows::PackedRows(const RowsView& rows, size_t dimensions)
    : size_(rows.count),
      chunks_((dimensions + kElementsOfChunk - 1) / kElementsOfChunk),
      has_rests_(rows.rest_ends != nullptr && rows.count != 0) {
  size_t rest_bytes = 0;
  if (has_rests_) {
    const std::string_view last = rows.rest(size_ - 1);
    rest_bytes = size_ * sizeof(uint32_t) + static_cast<size_t>(last.data() + last.size() - rows.rests);
  }
  const size_t of_groups = groups() * group_bytes();
  bytes_ = of_groups + size_ * sizeof(uint64_t) + rest_bytes;
  memory_.reset(static_cast<uint8_t*>(::operator new(std::max<size_t>(bytes_, 1), std::align_val_t(64))));
  std::memset(memory_.get(), 0, of_groups);
  size_t directions = 0;
  for (size_t row = 0; row < size_; ++row) {
    put_row(rows, row);
    float across = 0;
    std::memcpy(&across, static_cast<const float*>(rows.across) + row, sizeof(across));
    const float length = along(row / kGroupRows)[row % kGroupRows];
    if (!(length > 0)) continue;
    error_ += across / length;
    ++directions;
  }
  error_ /= static_cast<float>(std::max<size_t>(directions, 1));
  if (size_ == 0) return;
  uint8_t* const behind = memory_.get() + of_groups;
  std::memcpy(behind, rows.numbers, size_ * sizeof(uint64_t));
  if (!has_rests_) return;
  std::memcpy(behind + size_ * sizeof(uint64_t), rows.rest_ends, size_ * sizeof(uint32_t));
  const size_t ends = size_ * (sizeof(uint64_t) + sizeof(uint32_t));
  if (rest_bytes > size_ * sizeof(uint32_t)) {
    std::memcpy(behind + ends, rows.rests, rest_bytes - size_ * sizeof(uint32_t));
  }
}

void PackedRows::put_row(const RowsView& rows, size_t row) {
  uint8_t* const group = memory_.get() + row / kGroupRows * group_bytes();
  const size_t in_group = row % kGroupRows;
  std::memcpy(group + in_group * sizeof(float), static_cast<const float*>(rows.along) + row, sizeof(float));
  uint8_t* const codes = group + kAlongBytes;
  const size_t row_bytes = chunks_ * kChunkBytes;
  const uint8_t* const from = rows.upper + row * row_bytes;
  if (!is_turned()) {
    std::memcpy(codes + in_group * row_bytes, from, row_bytes);
    return;
  }
  for (size_t byte = 0; byte < row_bytes; ++byte) codes[turned_place(in_group, byte)] = from[byte];
}

RowsView PackedRows::names() const {
  const uint8_t* const behind = memory_.get() + groups() * group_bytes();
  const uint8_t* const ends = behind + size_ * sizeof(uint64_t);
  RowsView view;
  view.count = size_;
  view.numbers = behind;
  if (has_rests_) {
    view.rest_ends = ends;
    view.rests = reinterpret_cast<const char*>(ends + size_ * sizeof(uint32_t));
  }
  return view;
}

}  // namespace quipu
