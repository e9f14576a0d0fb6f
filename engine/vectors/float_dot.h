// The inner product of float32 vectors, with AVX2 and FMA where the processor has them.

#ifndef QUIPU_ENGINE_VECTORS_FLOAT_DOT_H_
#define QUIPU_ENGINE_VECTORS_FLOAT_DOT_H_

#include <cstddef>

namespace quipu {

using FloatDot = float (*)(const float* a, const float* b, size_t size);

FloatDot float_dot();

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_FLOAT_DOT_H_
