// Rotation: a fixed orthogonal map of vectors, after which no element is much larger than the others, so that
// few bits an element tell most of a vector. The same for every vector of a dimension, in every process and
// on every machine.
//
// Two rounds of random signs and fast Hadamard transforms; where the dimension is no power of two, the
// transform goes over the first and then over the last elements, as many as the largest power of two within.
// Thread-safety: immutable.

#ifndef QUIPU_ENGINE_VECTORS_CODES_ROTATION_H_
#define QUIPU_ENGINE_VECTORS_CODES_ROTATION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quipu {

class Rotation {
 public:
  static constexpr uint64_t kSeed = 0x9e3779b97f4a7c15;

  explicit Rotation(size_t dimensions, uint64_t seed = kSeed);

  // `vector` has the dimension's elements. Cost: about 10 operations an element.
  void apply(float* vector) const;

  // How far apply() may be from an orthogonal map of the vector, as a part of the vector's length.
  double error() const { return error_; }

 private:
  const size_t dimensions_;
  const size_t block_;  // the largest power of two that the dimension holds
  double error_;
  std::vector<float> factors_;  // of each round: the signs, times what keeps lengths
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CODES_ROTATION_H_
