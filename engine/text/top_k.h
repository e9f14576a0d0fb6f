// The k best rows of a search. Among equal scores the row that comes first is the better one.

#ifndef QUIPU_ENGINE_TEXT_TOP_K_H_
#define QUIPU_ENGINE_TEXT_TOP_K_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace quipu {

struct TextHit {
  uint32_t row = 0;
  float score = 0;
  friend bool operator==(const TextHit&, const TextHit&) = default;
};

class TextTopK {
 public:
  explicit TextTopK(size_t k) : k_(k), threshold_(k == 0 ? std::numeric_limits<float>::infinity() : -1) {}

  // What a score must exceed. Below all scores until there are k.
  float threshold() const { return threshold_; }
  // REQUIRES: rows rise from call to call.
  void offer(uint32_t row, float score) {
    if (!(score > threshold_)) return;
    if (heap_.size() == k_) {
      std::ranges::pop_heap(heap_, is_better);
      heap_.pop_back();
    }
    heap_.push_back({row, score});
    std::ranges::push_heap(heap_, is_better);
    if (heap_.size() == k_) threshold_ = heap_.front().score;
  }
  // Best first.
  std::vector<TextHit> take() && {
    std::ranges::sort_heap(heap_, is_better);
    return std::move(heap_);
  }

 private:
  static bool is_better(const TextHit& a, const TextHit& b) {
    return a.score != b.score ? a.score > b.score : a.row < b.row;
  }

  const size_t k_;
  float threshold_;
  std::vector<TextHit> heap_;  // the worst in front
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_TOP_K_H_
