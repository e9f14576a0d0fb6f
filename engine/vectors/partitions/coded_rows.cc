#include "engine/vectors/partitions/coded_rows.h"

#include <algorithm>
#include <cstring>

namespace quipu {

size_t CodedRows::memory_bytes() const {
  return codes_.capacity() + (along_.capacity() + across_.capacity()) * sizeof(float) +
         numbers_.capacity() * sizeof(uint64_t) + rest_ends_.capacity() * sizeof(uint32_t) +
         rests_.capacity();
}

void CodedRows::reserve(size_t rows) {
  codes_.reserve((rows + kGroupRows - 1) / kGroupRows * kGroupRows * row_bytes());
  along_.reserve(rows);
  across_.reserve(rows);
  numbers_.reserve(rows);
}

void CodedRows::add(uint64_t number, const Direction& coarse, std::span<const uint8_t> upper) {
  const size_t row = size();
  if (row % kGroupRows == 0) codes_.resize((row + kGroupRows) * row_bytes());
  std::ranges::copy(upper, codes_.data() + row * row_bytes());
  along_.push_back(coarse.along);
  across_.push_back(coarse.across);
  numbers_.push_back(number);
  if (!rest_ends_.empty()) rest_ends_.push_back(static_cast<uint32_t>(rests_.size()));
}

void CodedRows::add(uint64_t number, const Direction& coarse, std::span<const uint8_t> upper,
                    std::string_view rest) {
  add(number, coarse, upper);
  rest_ends_.resize(size(), static_cast<uint32_t>(rests_.size()));
  rests_ += rest;
  rest_ends_.back() = static_cast<uint32_t>(rests_.size());
}

void CodedRows::add(const CodedRows& from, size_t row) {
  add(from.number(row), from.coarse(row), from.upper(row));
}

void CodedRows::add(const RowsView& rows) {
  for (size_t row = 0; row < rows.count; ++row) {
    uint64_t number = 0;
    Direction coarse;
    std::memcpy(&number, static_cast<const uint64_t*>(rows.numbers) + row, sizeof(number));
    std::memcpy(&coarse.along, static_cast<const float*>(rows.along) + row, sizeof(float));
    std::memcpy(&coarse.across, static_cast<const float*>(rows.across) + row, sizeof(float));
    add(number, coarse, {rows.upper + row * row_bytes(), row_bytes()});
  }
}

void CodedRows::add_with_rests(const RowsView& rows) {
  const size_t before = size();
  add(rows);
  if (rows.count == 0 || rows.rest_ends == nullptr) return;
  rest_ends_.resize(before, static_cast<uint32_t>(rests_.size()));
  for (size_t row = 0; row < rows.count; ++row) {
    rests_ += rows.rest(row);
    rest_ends_.push_back(static_cast<uint32_t>(rests_.size()));
  }
}

void CodedRows::move_last_to(size_t row) {
  rest_ends_.clear();
  rests_.clear();
  const size_t last = size() - 1;
  if (row != last) {
    std::ranges::copy(upper(last), codes_.data() + row * row_bytes());
    along_[row] = along_[last];
    across_[row] = across_[last];
    numbers_[row] = numbers_[last];
  }
  along_.pop_back();
  across_.pop_back();
  numbers_.pop_back();
  if (last % kGroupRows == 0) codes_.resize(last * row_bytes());
}

}  // namespace quipu
