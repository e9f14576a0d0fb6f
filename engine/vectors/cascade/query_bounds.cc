#include "engine/vectors/cascade/query_bounds.h"

#include <algorithm>
#include <cmath>

#include "engine/vectors/codes/similarity.h"

namespace quipu {
namespace {

// What the float32 of Direction and conversions may add to the cosine between two codes.
constexpr double kFloatError = 1e-6;

double sine_of(double cosine) { return std::sqrt(std::max(0.0, 1 - cosine * cosine)); }

double square(double number) { return number * number; }

}  // namespace

QueryBounds::QueryBounds(const VectorCodes& codes, std::span<const double> query, SimilarityMode mode)
    : mode_(mode),
      norm_(norm_of(query)),
      slack_(2 * codes.rotation().error() + kCodeRounding),
      rotated_(query.size()) {
  const double factor = 1 / norm_;
  for (size_t i = 0; i < query.size(); ++i) rotated_[i] = static_cast<float>(query[i] * factor);
  codes.rotation().apply(rotated_.data());
  query_ = CodedQuery(rotated_, codes.padded_dimensions());
  limit_ = limit_of(-1);
}

// With b the angle between the codes, and d the sum of the angles that each has to what it stands for, the
// angle between query and vector is between b - d and b + d.
ScoreBounds QueryBounds::of(const Direction& direction, double norm, int64_t product) const {
  const double along = direction.along;
  const double across = direction.across;
  const double length = std::sqrt(along * along + across * across);
  const double cosine = static_cast<double>(product) / (query_.fine.length * length);
  const double cosine_d = (along * query_.fine.cosine - across * query_.fine.sine) / length;
  const double sine_d = (across * query_.fine.cosine + along * query_.fine.sine) / length;
  const double nearest = std::min(1.0, cosine + kFloatError);
  const double farthest = std::max(-1.0, cosine - kFloatError);
  ScoreBounds bounds{-1 - slack_, 1 + slack_};
  if (farthest > -cosine_d) bounds.lower = farthest * cosine_d - sine_of(farthest) * sine_d - slack_;
  if (nearest < cosine_d) bounds.upper = nearest * cosine_d + sine_of(nearest) * sine_d + slack_;
  if (mode_ == SimilarityMode::DEFAULT) return bounds;
  const double both = norm * norm_;
  if (mode_ == SimilarityMode::DOT_PRODUCT) return {both * bounds.lower, both * bounds.upper};
  const double shorter = square(norm);
  const double rounding = kFloat64Rounding * square(norm + norm_);
  return {2 * both * bounds.lower - shorter - rounding, 2 * both * bounds.upper - shorter + rounding};
}

void QueryBounds::set_threshold(double threshold) {
  threshold_ = threshold;
  if (mode_ == SimilarityMode::DEFAULT) limit_ = limit_of(threshold);
}

// A cosine of at least cos(t) takes that the codes' angle is at most t + q + v, where q and v are the angles
// of query and vector to their codes: that its cosine is at least cos(t + q) cos(v) - sin(t + q) sin(v).
// Where cos(t + q) is below zero, 1 stands for cos(v), which holds for all v; and along + across for the
// code's length, which is less.
CodeLimit QueryBounds::limit_of(double cosine) const {
  const double t = std::clamp(cosine, -1.0, 1.0);
  const bool beyond = t <= -query_.coarse.cosine;
  const double cosine_tq = beyond ? -1 : t * query_.coarse.cosine - sine_of(t) * query_.coarse.sine;
  const double sine_tq = beyond ? 0 : sine_of(t) * query_.coarse.cosine + t * query_.coarse.sine;
  const double across = cosine_tq < 0 ? sine_tq - cosine_tq : sine_tq;
  return {static_cast<float>(query_.coarse.length * (cosine_tq - slack_)),
          static_cast<float>(query_.coarse.length * (across + slack_))};
}

double QueryBounds::least_cosine_of(std::span<const double> norms) const {
  double least = 1;
  for (const double norm : norms) {
    double wanted = threshold_;
    if (mode_ == SimilarityMode::EUCLIDEAN) {
      wanted = (threshold_ + square(norm) - kFloat64Rounding * square(norm + norm_)) / 2;
    }
    least = std::min(least, wanted / (norm * norm_) - kFloat64Rounding);
  }
  return least;
}

}  // namespace quipu
