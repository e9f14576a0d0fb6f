// The kernels for processors of the x86-64 family.

#ifndef QUIPU_ENGINE_VECTORS_CODES_X86_KERNELS_H_
#define QUIPU_ENGINE_VECTORS_CODES_X86_KERNELS_H_

#include <vector>

#include "engine/vectors/codes/code_kernels.h"

namespace quipu {

// Those that this processor can, the fastest first; none on another one.
std::vector<CodeKernels> x86_kernels();

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CODES_X86_KERNELS_H_
