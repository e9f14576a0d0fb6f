#include "engine/vectors/codes/similarity.h"

#include <cmath>

namespace quipu {
namespace {

// Squares of norms within stay well within a double's range.
constexpr double kLeastNorm = 1e-150;
constexpr double kMostNorm = 1e150;

double dot(const double* a, const double* b, size_t size) {
  double sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    for (size_t j = 0; j < 8; ++j) sums[j] += a[i + j] * b[i + j];
  }
  for (; i < size; ++i) sums[0] += a[i] * b[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

double distance(const double* a, const double* b, size_t size) {
  double sum = 0;
  for (size_t i = 0; i < size; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

}  // namespace

double norm_of(std::span<const double> elements) {
  return std::sqrt(dot(elements.data(), elements.data(), elements.size()));
}

bool is_regular(double norm) { return norm >= kLeastNorm && norm <= kMostNorm; }

double similarity(std::span<const double> a, double a_norm, std::span<const double> b, double b_norm,
                  SimilarityMode mode) {
  switch (mode) {
    case SimilarityMode::DOT_PRODUCT: return dot(a.data(), b.data(), a.size());
    case SimilarityMode::EUCLIDEAN: return -distance(a.data(), b.data(), a.size());
    case SimilarityMode::DEFAULT: break;
  }
  return dot(a.data(), b.data(), a.size()) / (a_norm * b_norm);
}

}  // namespace quipu
