// A sparse vector as a stored value: {"indices": [2, 7], "values": [0.5, 1.25]}.

#ifndef QUIPU_ENGINE_TEXT_STORED_SPARSE_VALUE_H_
#define QUIPU_ENGINE_TEXT_STORED_SPARSE_VALUE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

struct SparseWeight {
  uint32_t index = 0;
  float weight = 0;  // above 0
  friend bool operator==(const SparseWeight&, const SparseWeight&) = default;
};

// What of a vector is searched: weights as float32, but for those that are 0, by rising indices. Errors:
// kInvalidArgument "ValueError: ..." where the two are not of one size, an index is there twice, or a weight
// is below 0, NaN, or too large for a float32.
Result<std::vector<SparseWeight>> sparse_weights(std::span<const uint32_t> indices,
                                                 std::span<const double> values);

// As it is given, zeros included.
Json make_sparse_value(std::span<const uint32_t> indices, std::span<const double> values);
// Nothing where the value is none.
std::optional<std::vector<SparseWeight>> parse_sparse_value(std::string_view value);

// As bytes, and back. REQUIRES: such bytes.
std::string packed(std::span<const SparseWeight> weights);
std::vector<SparseWeight> unpacked(std::string_view bytes);

// The term of an index in a text index.
std::string term_of_index(uint32_t index);

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_STORED_SPARSE_VALUE_H_
