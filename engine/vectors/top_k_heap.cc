#include "engine/vectors/top_k_heap.h"

#include <algorithm>
#include <cstdint>

namespace quipu {
namespace {

// (similarity, id) < (similarity, id), as tuples compare: NaN equals nothing and is below nothing.
bool less(const ScoredId& a, const ScoredId& b) {
  return a.similarity == b.similarity ? a.id < b.id : a.similarity < b.similarity;
}

bool below(const ScoredId& a, const ScoredId& b) { return a.similarity < b.similarity; }

// The elements at the beginning that Python's sort takes as they are, or all turned round.
size_t first_run(std::vector<ScoredId>& items) {
  if (items.size() < 2) return items.size();
  const bool descends = below(items[1], items[0]);
  size_t end = 2;
  while (end < items.size() && below(items[end], items[end - 1]) == descends) ++end;
  if (descends) std::reverse(items.begin(), items.begin() + static_cast<int64_t>(end));
  return end;
}

}  // namespace

void PythonTopK::offer(const ScoredId& candidate) {
  push(candidate);
  if (k_ != 0 && static_cast<int64_t>(heap_.size()) > k_) pop();
}

void PythonTopK::push(const ScoredId& candidate) {
  heap_.push_back(candidate);
  sift_down(0, heap_.size() - 1);
}

// heapq._siftdown: moves what is at `at` towards the root while it is smaller than its parent.
void PythonTopK::sift_down(size_t start, size_t at) {
  const ScoredId moving = heap_[at];
  while (at > start) {
    const size_t parent = (at - 1) / 2;
    if (!less(moving, heap_[parent])) break;
    heap_[at] = heap_[parent];
    at = parent;
  }
  heap_[at] = moving;
}

// heapq.heappop: the last takes the root's place, sinks to a leaf along the smaller children, and rises
// again.
void PythonTopK::pop() {
  const ScoredId last = heap_.back();
  heap_.pop_back();
  if (heap_.empty()) return;
  size_t at = 0;
  for (size_t child = 1; child < heap_.size(); child = 2 * at + 1) {
    if (child + 1 < heap_.size() && !less(heap_[child], heap_[child + 1])) ++child;
    heap_[at] = heap_[child];
    at = child;
  }
  heap_[at] = last;
  sift_down(0, at);
}

std::vector<ScoredId> PythonTopK::sorted() const {
  std::vector<ScoredId> best = heap_;
  const bool comparable =
      std::ranges::none_of(best, [](const ScoredId& s) { return s.similarity != s.similarity; });
  if (comparable) {
    std::ranges::stable_sort(
        best, [](const ScoredId& a, const ScoredId& b) { return a.similarity > b.similarity; });
    return best;
  }
  // Python sorts what has no order by insertion behind the first run, from behind.
  std::ranges::reverse(best);
  for (size_t i = first_run(best); i < best.size(); ++i) {
    const ScoredId moving = best[i];
    size_t low = 0;
    size_t high = i;
    while (low < high) {
      const size_t middle = low + (high - low) / 2;
      if (moving.similarity < best[middle].similarity) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    std::move_backward(best.begin() + static_cast<int64_t>(low), best.begin() + static_cast<int64_t>(i),
                       best.begin() + static_cast<int64_t>(i) + 1);
    best[low] = moving;
  }
  std::ranges::reverse(best);
  return best;
}

}  // namespace quipu
