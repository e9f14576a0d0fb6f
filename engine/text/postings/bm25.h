// BM25 as bm25s computes it ("lucene"): a term with the frequency f in a document of n tokens is worth
//
//   idf * f / (f + k1 * (1 - b + b * n / average))      idf = ln(1 + (documents - df + 0.5) / (df + 0.5))
//
// and a document the sum over the terms of the query, a term twice where the query has it twice.

#ifndef QUIPU_ENGINE_TEXT_POSTINGS_BM25_H_
#define QUIPU_ENGINE_TEXT_POSTINGS_BM25_H_

#include <cmath>
#include <cstdint>
#include <vector>

namespace quipu {

struct Bm25Parameters {
  double k1 = 1.5;
  double b = 0.75;
};

// Of all documents of an index.
struct TextStatistics {
  uint64_t documents = 0;
  uint64_t tokens = 0;
};

// Frequencies and lengths that may be the best of some documents: whatever the statistics, no other of these
// documents has a better score than all of these.
struct Impact {
  uint32_t frequency = 0;
  uint32_t length = 0;
  friend bool operator==(const Impact&, const Impact&) = default;
};

// The score is 1 / (1 + k1 * (1 - b + b / average * n) / f): documents of one score are on a line n over f
// that meets f = 0 at or below n = 0. So the best of a set, for any average, k1 and b, is a corner of its
// convex hull towards high f and low n. Sorted by frequency; `documents` is sorted and shortened on the way.
std::vector<Impact> best_impacts(std::vector<Impact>& documents);

// What one term of a query adds to a document's score.
class Bm25Term {
 public:
  // `weight`: idf(), times how often the query has it.
  Bm25Term(const TextStatistics& statistics, double weight, const Bm25Parameters& p = {})
      : weight_(static_cast<float>(weight)),
        base_(static_cast<float>(p.k1 * (1 - p.b))),
        per_token_(statistics.tokens == 0
                       ? 0.0F
                       : static_cast<float>(p.k1 * p.b * static_cast<double>(statistics.documents) /
                                            static_cast<double>(statistics.tokens))) {}

  // `df`: how many documents have the term.
  static double idf(const TextStatistics& statistics, uint64_t df) {
    const auto documents = static_cast<double>(statistics.documents);
    const auto with = static_cast<double>(df);
    return std::log1p((documents - with + 0.5) / (with + 0.5));
  }

  float score(uint32_t frequency, uint32_t length) const {
    const auto f = static_cast<float>(frequency);
    return weight_ * f / (f + base_ + per_token_ * static_cast<float>(length));
  }
  // At least the score, however it is rounded.
  float bound(const Impact& best) const { return score(best.frequency, best.length) * kRounding; }
  float bound() const { return weight_ * kRounding; }

 private:
  static constexpr float kRounding = 1.000001F;
  float weight_;
  float base_;
  float per_token_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_POSTINGS_BM25_H_
