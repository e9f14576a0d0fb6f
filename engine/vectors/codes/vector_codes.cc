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

void VectorCodes::put_row(size_t slot, const CodeBlock& block, size_t row) {
  norms_[slot] = block.norm(row);
  if (is_too_long()) return;
  const Direction coarse = block.coarse(row);
  coarse_of(slot).along[slot % kGroupRows] = coarse.along;
  coarse_of(slot).across[slot % kGroupRows] = coarse.across;
  std::memcpy(const_cast<uint8_t*>(upper_halves(slot)), block.upper + row * row_bytes_, row_bytes_);
}

// The rows of a group follow one another in memory as they do in a block.
void VectorCodes::put_rows(size_t slot, const CodeBlock& block) {
  for (size_t row = 0, count = 0; row < block.rows; row += count, slot += count) {
    const size_t first = slot % kGroupRows;
    count = std::min(kGroupRows - first, block.rows - row);
    std::memcpy(&norms_[slot], block.norms + row * sizeof(double), count * sizeof(double));
    if (is_too_long()) continue;
    std::memcpy(coarse_of(slot).along + first, block.along + row * sizeof(float), count * sizeof(float));
    std::memcpy(coarse_of(slot).across + first, block.across + row * sizeof(float), count * sizeof(float));
    std::memcpy(const_cast<uint8_t*>(upper_halves(slot)), block.upper + row * row_bytes_, count * row_bytes_);
  }
}

void VectorCodes::settle() {
  irregular_ =
      static_cast<size_t>(std::ranges::count_if(norms_, [](double norm) { return !is_regular(norm); }));
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
