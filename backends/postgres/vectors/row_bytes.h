// Embeddings in the forms of pgvector's types.
//
// Thread-safety: any.

#ifndef QUIPU_BACKENDS_POSTGRES_VECTORS_ROW_BYTES_H_
#define QUIPU_BACKENDS_POSTGRES_VECTORS_ROW_BYTES_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/status.h"

namespace quipu::postgres {

// Whether pgvector can hold these numbers. Errors: kInvalidArgument for NaN, infinities and what is too large
// for the type, and for more numbers than it takes (16,000).
Status check_vector(std::span<const double> elements, bool is_half);
// A vector of these numbers as float32 or float16, rounded to the nearest. Errors: as check_vector().
Status append_vector(std::span<const double> elements, bool is_half, std::string& out);

// The text of a vector, "[0.1,2]"; false when it is none.
bool parse_vector(std::string_view text, std::vector<double>& elements);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_VECTORS_ROW_BYTES_H_
