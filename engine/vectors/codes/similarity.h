// Similarities of vectors as float64 computes them from all elements: what decides, after codes have told
// which few vectors to compare.

#ifndef QUIPU_ENGINE_VECTORS_CODES_SIMILARITY_H_
#define QUIPU_ENGINE_VECTORS_CODES_SIMILARITY_H_

#include <span>

#include "quipu/vector_store.h"

namespace quipu {

// What float64 may add to the square of a distance, as a part of the square of both lengths; or to a cosine.
inline constexpr double kFloat64Rounding = 1e-9;

double norm_of(std::span<const double> elements);
// Whether a vector of this norm has a direction, and products of its elements are neither lost nor infinite.
// Zero, NaN and infinite ones are not regular, nor are those at the ends of what a double holds.
bool is_regular(double norm);

// As float64 computes it. REQUIRES: both have the same size, and these norms.
double similarity(std::span<const double> a, double a_norm, std::span<const double> b, double b_norm,
                  SimilarityMode mode);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CODES_SIMILARITY_H_
