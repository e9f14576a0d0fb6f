// TermScore: what one term of a query adds to a document's score. For texts that is BM25. Of sparse vectors,
// whose postings have a code of the weight in place of the length, it is the product of both weights.
//
// Thread-safety: it has no state.

#ifndef QUIPU_ENGINE_TEXT_POSTINGS_TERM_SCORE_H_
#define QUIPU_ENGINE_TEXT_POSTINGS_TERM_SCORE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "engine/text/postings/bm25.h"

namespace quipu {

// Positive finite weights as numbers that fall as weights rise: so the best of a block is the shortest
// "document", as best_impacts() finds it. Also those of less than one have no more than 31 bits.
inline constexpr uint32_t kGreatestWeightBits = 0x7F7FFFFF;
inline uint32_t code_of_weight(float weight) { return kGreatestWeightBits - std::bit_cast<uint32_t>(weight); }
inline float weight_of_code(uint32_t code) { return std::bit_cast<float>(kGreatestWeightBits - code); }

class TermScore {
 public:
  TermScore(const Bm25Term& bm25) : bm25_(bm25) {}  // NOLINT(google-explicit-constructor)
  // `weight`: the query's, which is above 0.
  static TermScore product(float weight) {
    TermScore score(Bm25Term({}, 0));
    score.weight_ = weight;
    return score;
  }

  float score(uint32_t frequency, uint32_t length) const {
    return weight_ == 0 ? bm25_.score(frequency, length) : weight_ * weight_of_code(length);
  }
  // The scores of several documents at once.
  void score_all(std::span<const uint32_t> frequencies, std::span<const uint32_t> lengths,
                 float* scores) const {
    if (weight_ == 0) {
      for (size_t i = 0; i < frequencies.size(); ++i) scores[i] = bm25_.score(frequencies[i], lengths[i]);
    } else {
      for (size_t i = 0; i < frequencies.size(); ++i) scores[i] = weight_ * weight_of_code(lengths[i]);
    }
  }
  // At least the score, however it is rounded.
  float bound(const Impact& best) const {
    return weight_ == 0 ? bm25_.bound(best) : score(best.frequency, best.length);
  }
  // Of all documents that there might be.
  float bound() const { return weight_ == 0 ? bm25_.bound() : std::numeric_limits<float>::infinity(); }

 private:
  Bm25Term bm25_;
  float weight_ = 0;  // 0: BM25
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_POSTINGS_TERM_SCORE_H_
