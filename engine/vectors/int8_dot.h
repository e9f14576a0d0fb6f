// Inner products of int8 codes with an int16 query: the first stage of exact search.

#ifndef QUIPU_ENGINE_VECTORS_INT8_DOT_H_
#define QUIPU_ENGINE_VECTORS_INT8_DOT_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace quipu {

// Rows of codes start at multiples of so many bytes, filled up with zeros; so does the query, in elements.
inline constexpr size_t kCodeAlignment = 32;

// products[i] = codes[i * stride ...] · query, for `count` rows. REQUIRES: stride is a multiple of
// kCodeAlignment, and the products fit into int32.
void scan_codes(const int8_t* codes, size_t stride, size_t count, const int16_t* query, int32_t* products);

// One way to do it, by its instructions.
struct CodeScan {
  const char* name;
  void (*scan)(const int8_t* codes, size_t stride, size_t count, const int16_t* query, int32_t* products);
};

// Those that this processor can, the fastest, which scan_codes uses, first; the last needs nothing.
std::span<const CodeScan> code_scans();

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_INT8_DOT_H_
