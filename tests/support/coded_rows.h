// Vectors with codes, for tests of partitions.

#ifndef QUIPU_TESTS_SUPPORT_CODED_ROWS_H_
#define QUIPU_TESTS_SUPPORT_CODED_ROWS_H_

#include <cmath>
#include <cstdint>
#include <vector>

#include "engine/vectors/codes/rotation.h"
#include "engine/vectors/codes/similarity.h"
#include "engine/vectors/codes/vector_code.h"
#include "engine/vectors/partitions/coded_rows.h"
#include "tests/support/random.h"

namespace quipu::testing {

using Vector = std::vector<double>;

// Adds the code of a vector.
inline void add_vector(uint64_t number, const Vector& vector, const Rotation& rotation, CodedRows& rows) {
  std::vector<float> rotated;
  for (const double element : vector) rotated.push_back(static_cast<float>(element / norm_of(vector)));
  rotation.apply(rotated.data());
  std::vector<uint8_t> bytes(rows.chunks() * kElementsOfChunk);
  const CodeDirections directions = encode_vector(rotated, bytes.data());
  std::vector<uint8_t> upper(rows.row_bytes());
  for (size_t i = 0; i < upper.size(); ++i) {
    const size_t at = i / kChunkBytes * kElementsOfChunk + i % kChunkBytes;
    upper[i] = static_cast<uint8_t>((bytes[at] >> 4) | (bytes[at + kChunkBytes] & 0xf0));
  }
  rows.add(number, directions.coarse, upper);
}

inline double between(Random& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random.below(1'000'001)) / 1e6;
}

inline Vector random_vector(Random& random, size_t dimensions) {
  Vector vector(dimensions);
  for (double& element : vector) {
    element = between(random, -1, 1) + between(random, -1, 1) + between(random, -1, 1);
  }
  return vector;
}

// Vectors around `clusters` centres, `width` times as far from them as the centres are from one another.
class Clusters {
 public:
  Clusters(Random& random, size_t clusters, size_t dimensions, double width)
      : dimensions_(dimensions), width_(width) {
    for (size_t i = 0; i < clusters; ++i) centres_.push_back(random_vector(random, dimensions));
  }
  Vector next(Random& random, size_t cluster) const {
    Vector vector = random_vector(random, dimensions_);
    for (size_t i = 0; i < dimensions_; ++i) vector[i] = centres_[cluster][i] + width_ * vector[i];
    return vector;
  }
  Vector next(Random& random) const { return next(random, random.below(centres_.size())); }

 private:
  size_t dimensions_;
  double width_;
  std::vector<Vector> centres_;
};

inline double cosine(const Vector& a, const Vector& b) {
  return similarity(a, norm_of(a), b, norm_of(b), SimilarityMode::DEFAULT);
}

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_CODED_ROWS_H_
