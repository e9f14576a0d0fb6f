// The inner product of float32 vectors, with the widest instructions that the processor has.

#ifndef QUIPU_ENGINE_VECTORS_FLOAT_DOT_H_
#define QUIPU_ENGINE_VECTORS_FLOAT_DOT_H_

#include <cstddef>

namespace quipu {

using FloatDot = float (*)(const float* a, const float* b, size_t size);

// AVX-512, AVX2 with FMA, or neither.
FloatDot float_dot();

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_FLOAT_DOT_H_
