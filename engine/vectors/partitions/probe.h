// Probe: what rows and centroids are multiplied with: a query, or a row that looks for its partition.
//
// Similarities here are those of vectors of length 1, and estimates: the product of a code's direction with
// the probe's, divided by the vector's length along its code, is right on average, whatever the rest of the
// vector.

#ifndef QUIPU_ENGINE_VECTORS_PARTITIONS_PROBE_H_
#define QUIPU_ENGINE_VECTORS_PARTITIONS_PROBE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/vectors/codes/rotation.h"
#include "engine/vectors/partitions/coded_rows.h"

namespace quipu {

class Probe {
 public:
  // REQUIRES: the query has a regular norm.
  Probe(std::span<const double> query, const Rotation& rotation);
  Probe(const CodedRows& rows, size_t row);
  // Of rotated elements, whatever their length. REQUIRES: one is not zero.
  explicit Probe(std::span<const float> rotated);

  const int8_t* code() const { return code_.data(); }
  // From the product of codes with upper halves, and of their bytes, which is 16 times that and the product
  // with the lower halves.
  float similarity_of_upper(int32_t product, float along) const { return times_direction(product) / along; }
  float similarity_of_bytes(int64_t product, float along) const {
    return static_cast<float>(2 * product - byte_shift_) * factor_ / along;
  }
  // The product with the direction that upper halves stand for.
  float times_direction(int32_t product) const { return static_cast<float>(2 * product - shift_) * factor_; }
  // For CodeKernels::reaching: 2 * product - shift() is at least limit() * along where the similarity is at
  // least `similarity`.
  int32_t shift() const { return shift_; }
  float limit(float similarity) const { return similarity / factor_; }

 private:
  std::vector<int8_t> code_;
  int32_t shift_ = 0;
  int64_t byte_shift_ = 0;
  float factor_ = 1;
};

// Those of rows `begin` to `end`, and what kernels read of them.
std::vector<Probe> probes_of(const CodedRows& rows, size_t begin, size_t end);
std::vector<const int8_t*> codes_of(const std::vector<Probe>& probes);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_PARTITIONS_PROBE_H_
