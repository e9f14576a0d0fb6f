// WindowSums: the scores of a window's rows, added up.
//
// Thread-safety: as a standard container. Cost: rows are gone through by groups, those that nothing was added
// to at no cost.

#ifndef QUIPU_ENGINE_TEXT_POSTINGS_WINDOW_SUMS_H_
#define QUIPU_ENGINE_TEXT_POSTINGS_WINDOW_SUMS_H_

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace quipu {

class WindowSums {
 public:
  static constexpr uint32_t kRows = 2048;

  WindowSums() { sums_.fill(kNothing); }

  // `place`: of a row in the window. REQUIRES: score >= 0.
  void add(uint32_t place, float score) {
    sums_[place] += double{score};  // the same whatever the order
    touched_[place / kGroup] = true;
  }
  // How many rows have a sum above `least`; where that is below 0, maybe more.
  size_t count_above(double least) const {
    Pair counts = {};
    for (size_t group = 0; group < touched_.size(); ++group) {
      if (!touched_[group]) continue;
      for (size_t i = 0; i < kGroup; i += 2) counts -= pair(group * kGroup + i) > Doubles{least, least};
    }
    return static_cast<size_t>(counts[0] + counts[1]);
  }
  // Calls use(place, sum) for each row that has a sum above `least`, by rising places, and forgets all.
  template <class Use>
  void take_above(double least, const Use& use) {
    for (size_t group = 0; group < touched_.size(); ++group) {
      if (!std::exchange(touched_[group], false)) continue;
      double* const sums = sums_.data() + group * kGroup;
      Pair above = {};
      for (size_t i = 0; i < kGroup; i += 2) above |= pair(group * kGroup + i) > Doubles{least, least};
      if ((above[0] | above[1]) != 0) {
        for (size_t i = 0; i < kGroup; ++i) {
          if (sums[i] > least && !std::signbit(sums[i])) {
            use(static_cast<uint32_t>(group * kGroup + i), sums[i]);
          }
        }
      }
      for (size_t i = 0; i < kGroup; ++i) sums[i] = kNothing;
    }
  }

 private:
  static constexpr size_t kGroup = 16;
  static constexpr double kNothing = -0.0;  // a sum of scores is never that, be they all 0
  using Doubles = double __attribute__((vector_size(16)));
  using Pair = int64_t __attribute__((vector_size(16)));

  Doubles pair(size_t place) const {
    Doubles two;
    std::memcpy(&two, sums_.data() + place, sizeof two);
    return two;
  }

  std::array<double, kRows> sums_;
  std::array<bool, kRows / kGroup> touched_{};
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_POSTINGS_WINDOW_SUMS_H_
