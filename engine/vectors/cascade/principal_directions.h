// The directions in which vectors differ most from nothing: of a sample of them, about those of its greatest
// singular values.

#ifndef QUIPU_ENGINE_VECTORS_CASCADE_PRINCIPAL_DIRECTIONS_H_
#define QUIPU_ENGINE_VECTORS_CASCADE_PRINCIPAL_DIRECTIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/vectors/codes/vector_codes.h"

namespace quipu {

inline constexpr size_t kDirections = 64;

// For each element of a vector what it has in each direction.
using DirectionElements = std::array<float, kDirections>;
using Directions = std::vector<DirectionElements>;

// A vector's product with each direction, in float32.
DirectionElements project(const Directions& directions, std::span<const float> vector);

// By how much the products of directions with one another differ from those of orthonormal ones: the root of
// the sum of the squares.
double departure(const Directions& directions);

// The vectors of length 1 that the codes of about `count` rows from everywhere stand for, one after the
// other.
std::vector<float> sample_rows(const VectorCodes& codes, size_t count, uint64_t seed);

// Orthonormal, but for rounding, of vectors of so many elements one after the other. REQUIRES: there are at
// least as many, and elements, as kDirections. Cost: some 0.1 s for 2,048 vectors of 768 elements.
Directions principal_directions(std::span<const float> vectors, size_t dimensions, uint64_t seed);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CASCADE_PRINCIPAL_DIRECTIONS_H_
