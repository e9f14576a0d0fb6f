// The k best as the reference picks and orders them: heapq over (similarity, id), then a sort by similarity.
// Source: llama_index/core/indices/query/embedding_utils.py, CPython's heapq and sorted.

#ifndef QUIPU_ENGINE_VECTORS_TOP_K_HEAP_H_
#define QUIPU_ENGINE_VECTORS_TOP_K_HEAP_H_

#include <string_view>
#include <vector>

namespace quipu {

struct ScoredId {
  double similarity;
  std::string_view id;
};

// Offered one by one in the order in which the reference sees them.
class PythonTopK {
 public:
  // 0: all; negative: none.
  explicit PythonTopK(int k) : k_(k) {}

  void offer(const ScoredId& candidate);
  // Best first. Equal similarities stand in the order in which they lie in the heap, as in the reference.
  std::vector<ScoredId> sorted() const;

 private:
  void push(const ScoredId& candidate);
  void pop();
  void sift_down(size_t start, size_t at);

  const int k_;
  std::vector<ScoredId> heap_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_TOP_K_HEAP_H_
