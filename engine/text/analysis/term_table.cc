#include "engine/text/analysis/term_table.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace quipu {
namespace {

constexpr size_t kFirstSlots = 1024;
constexpr size_t kBlockBytes = 1 << 16;

// Both halves of the product, which every bit of both numbers has to do with.
uint64_t mix(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// The same for all tables of the process: to ask for one takes longer than many a query.
uint64_t process_seed() {
  static const uint64_t seed = [] {
    std::random_device device;
    return uint64_t{device()} << 32 | device();
  }();
  return seed;
}

}  // namespace

TermTable::TermTable() : seed_(process_seed()), slots_(kFirstSlots) {}

uint64_t TermTable::hash_of(std::string_view term) const {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  uint64_t hash = seed_ ^ term.size();
  while (term.size() > 8) {
    uint64_t word = 0;
    std::memcpy(&word, term.data(), 8);
    hash = mix(hash ^ word, kOdd ^ seed_);
    term.remove_prefix(8);
  }
  uint64_t word = 0;
  if (!term.empty()) std::memcpy(&word, term.data(), term.size());
  return mix(hash ^ word, kOdd ^ seed_);
}

uint32_t TermTable::number_of(std::string_view term) {
  const uint64_t hash = hash_of(term);
  const auto upper = static_cast<uint32_t>(hash >> 32);
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (; slots_[at].next != 0; at = (at + 1) & mask) {
    if (slots_[at].hash == upper && terms_[slots_[at].next - 1] == term) return slots_[at].next - 1;
  }
  const uint32_t number = add(term);
  slots_[at] = {upper, number + 1};
  if (terms_.size() * 2 > slots_.size()) grow();
  return number;
}

uint32_t TermTable::add(std::string_view term) {
  if (blocks_.empty() || left_ < term.size()) {
    left_ = std::max(kBlockBytes, term.size());
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
  }
  // From the end of the block.
  left_ -= term.size();
  char* const place = blocks_.back().get() + left_;
  if (!term.empty()) std::memcpy(place, term.data(), term.size());
  terms_.emplace_back(place, term.size());
  return static_cast<uint32_t>(terms_.size() - 1);
}

void TermTable::grow() {
  std::vector<Slot> slots(slots_.size() * 2);
  const size_t mask = slots.size() - 1;
  for (size_t number = 0; number < terms_.size(); ++number) {
    const uint64_t hash = hash_of(terms_[number]);
    size_t at = hash & mask;
    while (slots[at].next != 0) at = (at + 1) & mask;
    slots[at] = {static_cast<uint32_t>(hash >> 32), static_cast<uint32_t>(number + 1)};
  }
  slots_ = std::move(slots);
}

void TermTable::clear() {
  slots_.assign(kFirstSlots, {});
  terms_.clear();
  blocks_.clear();
  left_ = 0;
}

}  // namespace quipu
