// Vectors: the record of the key has the numbers; there are no further entries.

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "backends/rocksdb/write/collection_index.h"
#include "quipu/backend/features.h"

namespace quipu::rocks {
namespace {

constexpr const WriteOp::Kind* kKinds[] = {&VectorValues::kPutVector};

class Vectors : public CollectionIndex {
 public:
  std::span<const WriteOp::Kind* const> kinds() const override { return kKinds; }

  bool follows(const Collection& /*collection*/) const override { return false; }

  Status load(KeyChange& /*key*/, const DataRecord* /*stored*/, CommitScope& /*scope*/) const override {
    return Status::ok();
  }

  // The bytes of the doubles lie anywhere; where they lie as doubles do, they are not copied.
  Status apply(const WriteOp& op, KeyChange& key, CommitScope& scope) const override {
    if (op.value.size() % sizeof(double) != 0) {
      return Status::invalid_argument("a vector's bytes are no doubles");
    }
    const size_t size = op.value.size() / sizeof(double);
    std::vector<double> copied;
    std::span elements(reinterpret_cast<const double*>(op.value.data()), size);
    if (reinterpret_cast<uintptr_t>(op.value.data()) % alignof(double) != 0) {
      copied.resize(size);
      std::memcpy(copied.data(), op.value.data(), op.value.size());
      elements = copied;
    }
    put_body(key, scope.keep(make_vector_body(elements)), scope);
    return Status::ok();
  }
};

const Vectors vectors;

}  // namespace

const CollectionIndex& kVectors = vectors;

}  // namespace quipu::rocks
