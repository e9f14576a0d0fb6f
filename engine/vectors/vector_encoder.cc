// VectorEncoder (quipu/backend/vector_codes.h): the code of a vector as it is stored.

#include "engine/vectors/codes/vector_code.h"
#include "quipu/backend/vector_codes.h"

namespace quipu {

class VectorEncoder::Impl : public CodeEncoder {
 public:
  using CodeEncoder::CodeEncoder;
};

VectorEncoder::VectorEncoder(size_t dimensions) : impl_(std::make_unique<Impl>(dimensions)) {}
VectorEncoder::~VectorEncoder() = default;
VectorEncoder::VectorEncoder(VectorEncoder&&) noexcept = default;
VectorEncoder& VectorEncoder::operator=(VectorEncoder&&) noexcept = default;

size_t VectorEncoder::dimensions() const { return impl_->dimensions(); }
VectorCode VectorEncoder::encode(std::span<const double> elements) { return impl_->encode(elements); }

}  // namespace quipu
