#include "engine/vectors/codes/vector_codes.h"

#include <algorithm>
#include <cstring>

#include "engine/vectors/codes/similarity.h"

namespace quipu {
namespace {

size_t divided_up(size_t number, size_t by) { return (number + by - 1) / by; }

}  // namespace

VectorCodes::VectorCodes(size_t dimensions)
    : dimensions_(dimensions),
      chunks_(CodeEncoder::half_bytes(dimensions) / kChunkBytes),
      row_bytes_(chunks_ * kChunkBytes),
      scanned_bytes_(sizeof(Coarse) + kGroupRows * row_bytes_),
      looked_up_bytes_(kGroupRows * (sizeof(Direction) + row_bytes_)),
      encoder_(dimensions) {}

void VectorCodes::resize(size_t size) {
  const size_t groups = divided_up(size, kGroupRows);
  scanned_.resize(groups * scanned_bytes_);
  if (has_lower_halves_) looked_up_.resize(groups * looked_up_bytes_);
  norms_.resize(size, 1);
  size_ = size;
}

size_t VectorCodes::add(const VectorCode& code) {
  const size_t slot = size_;
  resize(size_ + 1);
  set(slot, code);
  return slot;
}

void VectorCodes::set(size_t slot, const VectorCode& code) {
  double& norm = norms_[slot];
  if (!is_regular(norm)) --irregular_;
  norm = code.norm;
  if (!is_regular(norm)) ++irregular_;
  if (is_too_long()) return;
  const size_t row = slot % kGroupRows;
  coarse_of(slot).along[row] = code.coarse.along;
  coarse_of(slot).across[row] = code.coarse.across;
  std::ranges::copy(code.upper, const_cast<uint8_t*>(upper_halves(slot)));
  if (!has_lower_halves_) return;
  const_cast<Direction&>(fine(slot)) = code.fine;
  std::ranges::copy(code.lower, const_cast<uint8_t*>(lower_halves(slot)));
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
