// QueryBounds: what the codes of a query and of a vector say of their similarity: between which two numbers
// it is.
//
// The number that is bounded is a score, which grows with the similarity: the cosine, the inner product, or
// 2 q·x - |x|² for the distance. README.md has the proof.

#ifndef QUIPU_ENGINE_VECTORS_CASCADE_QUERY_BOUNDS_H_
#define QUIPU_ENGINE_VECTORS_CASCADE_QUERY_BOUNDS_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "engine/vectors/cascade/candidates.h"
#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/codes/vector_code.h"
#include "engine/vectors/codes/vector_codes.h"
#include "quipu/vector_store.h"

namespace quipu {

// A vector may reach a score where the product of a direction of its code with the query's 8 bits is at least
// along * direction.along - across * direction.across.
struct CodeLimit {
  float along;
  float across;

  bool is_reached(const Direction& direction, int64_t product) const {
    return static_cast<float>(product) >= along * direction.along - across * direction.across;
  }
};

class QueryBounds {
 public:
  // REQUIRES: the query has a regular norm.
  QueryBounds(const VectorCodes& codes, std::span<const double> query, SimilarityMode mode);

  const CodedQuery& query() const { return query_; }
  // The query's direction, as it is encoded.
  std::span<const float> rotated() const { return rotated_; }
  // What arithmetic may add to a cosine's error.
  double slack() const { return slack_; }
  // The products of directions are twice those of codes, less this: of upper halves, and of bytes.
  int32_t shift() const { return static_cast<int32_t>(kUpperShift * query_.coarse.sum); }
  int64_t shift_of_bytes() const { return kByteShift * query_.coarse.sum; }
  // A direction's product with the query's finer direction, from its code's with both parts of that.
  int64_t finer_of_upper(int64_t code, int64_t remainder) const {
    return 2 * (kQueryStep * code + remainder) - kUpperShift * query_.fine.sum;
  }
  int64_t finer_of_bytes(int64_t code, int64_t remainder) const {
    return 2 * (kQueryStep * code + remainder) - kByteShift * query_.fine.sum;
  }

  // Of a vector of this norm one of whose code's directions has this product with the query's finer one.
  ScoreBounds of(const Direction& direction, double norm, int64_t product) const;

  // The least score that counts.
  double threshold() const { return threshold_; }
  void set_threshold(double threshold);
  // No vector of these norms that reaches the threshold has a lesser cosine.
  double least_cosine(std::span<const double> norms) const {
    return mode_ == SimilarityMode::DEFAULT ? threshold_ : least_cosine_of(norms);
  }
  // What no vector of these norms that can reach the threshold is below.
  CodeLimit limit_for(std::span<const double> norms) const {
    return mode_ == SimilarityMode::DEFAULT ? limit_ : limit_of(least_cosine_of(norms));
  }

 private:
  static constexpr int64_t kUpperShift = 15;
  static constexpr int64_t kByteShift = 255;

  CodeLimit limit_of(double cosine) const;
  double least_cosine_of(std::span<const double> norms) const;

  const SimilarityMode mode_;
  double norm_;
  double slack_;
  std::vector<float> rotated_;
  CodedQuery query_;
  double threshold_ = -std::numeric_limits<double>::infinity();
  CodeLimit limit_;  // for cosines that reach the threshold
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CASCADE_QUERY_BOUNDS_H_
