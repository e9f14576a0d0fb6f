// Candidates: of vectors that are offered with the bounds of their scores, those that may be among the k
// best.

#ifndef QUIPU_ENGINE_VECTORS_CASCADE_CANDIDATES_H_
#define QUIPU_ENGINE_VECTORS_CASCADE_CANDIDATES_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace quipu {

struct ScoreBounds {
  double lower;
  double upper;
};

// One that may be among the best, and what its score is at most.
struct Candidate {
  uint32_t slot;
  double upper;
};

class Candidates {
 public:
  // `k`: at least 1. More than `most` candidates are too many. Memory: 16 bytes each of at most twice `most`,
  // and of twice those that are candidates.
  explicit Candidates(size_t k, size_t most = std::numeric_limits<size_t>::max(),
                      double threshold = -std::numeric_limits<double>::infinity())
      : k_(k), most_(most), threshold_(threshold) {}

  // The k-th best lower bound so far, or what it began with: whoever is below it is none of the k best.
  double threshold() const { return threshold_; }
  void offer(uint32_t slot, const ScoreBounds& bounds);
  // As if all that `others` has been offered had been offered here, its slots so much higher. REQUIRES: it is
  // for the same k and `most`.
  void add(Candidates others, uint32_t higher = 0);

  // Whether there have been too many, of which nothing is kept.
  bool too_many() const { return too_many_; }
  // Those that have been offered and may still be among the best.
  size_t size() const { return possible_.size(); }
  // These, by ascending slots. Nothing is left here.
  std::vector<Candidate> take();

 private:
  void raise_threshold(double lower);
  void prune();
  void give_up();
  void forget_overtaken();

  const size_t k_;
  const size_t most_;
  bool too_many_ = false;
  double threshold_;
  std::vector<double> lowest_;  // a heap of the k best lower bounds, the worst in front
  std::vector<Candidate> possible_;
  size_t prune_at_ = 4096;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CASCADE_CANDIDATES_H_
