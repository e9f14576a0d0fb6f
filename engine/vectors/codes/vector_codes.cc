#include "engine/vectors/codes/vector_codes.h"

#include <cstring>

#include "engine/vectors/codes/similarity.h"

namespace quipu {
namespace {

size_t divided_up(size_t number, size_t by) { return (number + by - 1) / by; }

}  // namespace

VectorCodes::VectorCodes(size_t dimensions)
    : dimensions_(dimensions),
      chunks_(divided_up(is_too_long() ? 0 : dimensions, kElementsOfChunk)),
      row_bytes_(chunks_ * kChunkBytes),
      scanned_bytes_(sizeof(Coarse) + kGroupRows * row_bytes_),
      looked_up_bytes_(kGroupRows * (sizeof(Direction) + row_bytes_)),
      rotation_(is_too_long() ? 0 : dimensions),
      rotated_(is_too_long() ? 0 : dimensions),
      code_(padded_dimensions()) {}

void VectorCodes::resize(size_t size) {
  const size_t groups = divided_up(size, kGroupRows);
  scanned_.resize(groups * scanned_bytes_);
  if (has_lower_halves_) looked_up_.resize(groups * looked_up_bytes_);
  norms_.resize(size, 1);
  size_ = size;
}

size_t VectorCodes::add(std::span<const double> elements) {
  const size_t slot = size_;
  resize(size_ + 1);
  set(slot, elements);
  return slot;
}

void VectorCodes::set(size_t slot, std::span<const double> elements) {
  double& norm = norms_[slot];
  if (!is_regular(norm)) --irregular_;
  norm = norm_of(elements);
  if (!is_regular(norm)) {
    ++irregular_;
    return;
  }
  if (!is_too_long()) encode(slot, elements, norm);
}

void VectorCodes::encode(size_t slot, std::span<const double> elements, double norm) {
  const double factor = 1 / norm;
  for (size_t i = 0; i < dimensions_; ++i) rotated_[i] = static_cast<float>(elements[i] * factor);
  rotation_.apply(rotated_.data());
  const CodeDirections directions = encode_vector(rotated_, code_.data());
  const size_t row = slot % kGroupRows;
  coarse_of(slot).along[row] = directions.coarse.along;
  coarse_of(slot).across[row] = directions.coarse.across;
  if (has_lower_halves_) const_cast<Direction&>(fine(slot)) = directions.fine;
  store(slot, code_);
}

void VectorCodes::store(size_t slot, std::span<const uint8_t> code) {
  auto* const upper = const_cast<uint8_t*>(upper_halves(slot));  // filled up to whole chunks, as the code is
  for (size_t at = 0; at < row_bytes_; at += kChunkBytes) {
    const uint8_t* const from = code.data() + 2 * at;
    for (size_t i = 0; i < kChunkBytes; ++i) {
      upper[at + i] = static_cast<uint8_t>((from[i] >> 4) | (from[kChunkBytes + i] & 0xf0));
    }
  }
  if (!has_lower_halves_) return;
  auto* const lower = const_cast<uint8_t*>(lower_halves(slot));
  for (size_t at = 0; at < row_bytes_; at += kChunkBytes) {
    const uint8_t* const from = code.data() + 2 * at;
    for (size_t i = 0; i < kChunkBytes; ++i) {
      lower[at + i] = static_cast<uint8_t>((from[i] & 15) | (from[kChunkBytes + i] << 4));
    }
  }
}

void VectorCodes::drop_lower_halves() {
  has_lower_halves_ = false;
  looked_up_.resize(0);
}

void VectorCodes::move_last_to(size_t slot) {
  const size_t last = size_ - 1;
  const size_t from = last % kGroupRows;
  const size_t to = slot % kGroupRows;
  if (!is_regular(norms_[slot])) --irregular_;
  if (slot != last) {
    coarse_of(slot).along[to] = coarse_of(last).along[from];
    coarse_of(slot).across[to] = coarse_of(last).across[from];
    norms_[slot] = norms_[last];
    std::memcpy(const_cast<uint8_t*>(upper_halves(slot)), upper_halves(last), row_bytes_);
    if (has_lower_halves_) {
      const_cast<Direction&>(fine(slot)) = fine(last);
      std::memcpy(const_cast<uint8_t*>(lower_halves(slot)), lower_halves(last), row_bytes_);
    }
  }
  resize(last);
}

}  // namespace quipu
