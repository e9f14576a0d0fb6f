// Rows of vectors in PostgreSQL's binary forms: of pgvector's types, and of COPY.
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

// COPY's binary form: the header, then rows, each the count of its fields and the fields, then the end.
void append_copy_header(std::string& out);
void append_copy_row(uint16_t fields, std::string& out);
void append_copy_field(std::string_view bytes, std::string& out);
void append_copy_end(std::string& out);
// A bigint as a field's bytes.
std::string bigint_bytes(int64_t value);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_VECTORS_ROW_BYTES_H_
