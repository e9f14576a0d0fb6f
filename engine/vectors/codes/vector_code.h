// The code of one vector: a byte an element of its rotated direction, and how far the code's direction is
// from it.
//
// A byte b stands for b - 127.5; its upper half h, by itself, for h - 7.5. Both are read as directions, times
// 2 so that all are whole numbers: 2 b - 255, and 2 h - 15. What is known of a direction c beside its
// elements is the vector's length along it and across: |c| cos(a) and |c| sin(a), with a the angle between c
// and the vector. A code depends on the vector and its dimension's Rotation, and on nothing else.

#ifndef QUIPU_ENGINE_VECTORS_CODES_VECTOR_CODE_H_
#define QUIPU_ENGINE_VECTORS_CODES_VECTOR_CODE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/vectors/codes/rotation.h"
#include "quipu/backend/vector_codes.h"

namespace quipu {

using Direction = VectorCode::Direction;

// Vectors of more elements have no codes: sums would not be as exact as kCodeRounding has it.
inline constexpr size_t kMaxCodedDimensions = 1 << 15;

// What the arithmetic here and in CodedQuery may add to an angle, beside Rotation::error().
inline constexpr double kCodeRounding = 4e-6;

// The two directions of a code: by the upper halves alone, and by the bytes.
struct CodeDirections {
  Direction coarse;
  Direction fine;
};

// Writes a byte an element. REQUIRES: an element is not zero, and all are numbers of an ordinary size.
CodeDirections encode_vector(std::span<const float> rotated, uint8_t* code);

// Makes the codes of vectors of one dimension, as memory and database have them. Thread-safety: one thread at
// a time.
class CodeEncoder {
 public:
  explicit CodeEncoder(size_t dimensions);

  size_t dimensions() const { return dimensions_; }
  // What makes a vector's elements, divided by its norm, those that are encoded.
  const Rotation& rotation() const { return rotation_; }

  // REQUIRES: so many elements. What it views lives until the next call.
  VectorCode encode(std::span<const double> elements);

  // Of either half of a code.
  static size_t half_bytes(size_t dimensions);

 private:
  void split_bytes();

  const size_t dimensions_;
  const Rotation rotation_;
  std::vector<float> rotated_;
  std::vector<uint8_t> bytes_;  // filled up with zeros
  std::vector<uint8_t> upper_;
  std::vector<uint8_t> lower_;
};

// What is known of a direction of whole numbers that stands for a query.
struct QueryDirection {
  int64_t sum = 0;  // of its elements
  double length = 1;
  double cosine = 1;  // of the angle between it and the query
  double sine = 0;
};

// A query in whole numbers: elements of its rotated direction, in 8 bits, which all rows are multiplied with,
// and as kQueryStep times these and a remainder, in some 16, for the few that go on.
struct CodedQuery {
  CodedQuery() = default;
  // REQUIRES: as encode_vector.
  CodedQuery(std::span<const float> rotated, size_t padded_size);

  std::vector<int8_t> code;
  std::vector<int8_t> remainder;
  QueryDirection coarse;
  QueryDirection fine;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CODES_VECTOR_CODE_H_
