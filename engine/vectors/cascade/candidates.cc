#include "engine/vectors/cascade/candidates.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace quipu {

void Candidates::offer(uint32_t slot, const ScoreBounds& bounds) {
  if (bounds.upper < threshold_ || too_many_) return;
  if (possible_.size() == prune_at_) {
    prune();
    if (too_many_) return;
  }
  possible_.push_back({slot, bounds.upper});
  raise_threshold(bounds.lower);
}

void Candidates::add(Candidates others, uint32_t higher) {
  for (const double lower : others.lowest_) raise_threshold(lower);
  for (const Candidate& other : others.possible_) possible_.push_back({other.slot + higher, other.upper});
  prune();
  if (others.too_many_ || too_many_) give_up();
}

void Candidates::raise_threshold(double lower) {
  if (lowest_.size() == k_) {
    if (lower <= lowest_.front()) return;
    std::ranges::pop_heap(lowest_, std::greater());
    lowest_.pop_back();
  }
  lowest_.push_back(lower);
  std::ranges::push_heap(lowest_, std::greater());
  if (lowest_.size() == k_) threshold_ = std::max(threshold_, lowest_.front());
}

// Most have been overtaken where the best come last. Each is looked at twice on average.
void Candidates::prune() {
  forget_overtaken();
  if (possible_.size() > most_) give_up();
  prune_at_ = std::max(prune_at_, 2 * possible_.size());
}

void Candidates::give_up() {
  too_many_ = true;
  possible_ = {};
  lowest_ = {};
}

void Candidates::forget_overtaken() {
  std::erase_if(possible_, [this](const Candidate& possible) { return possible.upper < threshold_; });
}

std::vector<Candidate> Candidates::take() {
  forget_overtaken();
  std::ranges::sort(possible_, {}, &Candidate::slot);
  return std::exchange(possible_, {});
}

}  // namespace quipu
