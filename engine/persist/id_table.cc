#include "engine/persist/id_table.h"

#include <functional>
#include <random>

namespace quipu {
namespace {

constexpr size_t kFirstSlots = 1024;
constexpr uint64_t kPlaces = 0xff;

uint64_t random_seed() {
  std::random_device random;
  return (uint64_t{random()} << 32) | random();
}

}  // namespace

IdTable::IdTable(size_t most_slots) : most_slots_(most_slots), seed_(random_seed()) {}

uint64_t IdTable::hash(std::string_view id) const {
  uint64_t mixed = std::hash<std::string_view>{}(id) ^ seed_;
  for (int round = 0; round < 2; ++round) {
    mixed ^= mixed >> 32;
    mixed *= 0x9e3779b97f4a7c15;
  }
  return (mixed ^ (mixed >> 32)) & ~kPlaces;
}

size_t IdTable::find(uint64_t hash) const {
  size_t slot = (hash >> 8) & (slots_.size() - 1);
  while (slots_[slot] != 0 && (slots_[slot] & ~kPlaces) != hash) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

void IdTable::add(std::string_view id, Places place) {
  if (4 * used_ >= 3 * slots_.size()) grow();
  const uint64_t of_id = hash(id);
  if ((of_id & left_out_) != 0) return;
  uint64_t& slot = slots_[find(of_id)];
  if (slot == 0) ++used_;
  slot |= of_id | place;
}

bool IdTable::has(std::string_view id, Places places) const {
  if (slots_.empty()) return false;
  const uint64_t of_id = hash(id);
  return (of_id & left_out_) != 0 || (slots_[find(of_id)] & places) != 0;
}

void IdTable::grow() {
  size_t wanted = slots_.empty() ? kFirstSlots : 2 * slots_.size();
  if (wanted > most_slots_) {
    wanted = slots_.size();
    left_out_ = (left_out_ >> 1) | (uint64_t{1} << 63);
  }
  std::erase_if(slots_, [this](uint64_t slot) { return slot == 0 || (slot & left_out_) != 0; });
  const std::vector<uint64_t> kept(slots_.begin(), slots_.end());
  slots_.assign(wanted, 0);
  for (const uint64_t slot : kept) slots_[find(slot & ~kPlaces)] = slot;
  used_ = kept.size();
}

}  // namespace quipu
