#ifndef QUIPU_BACKENDS_ROCKSDB_READ_VECTOR_READER_H_
#define QUIPU_BACKENDS_ROCKSDB_READ_VECTOR_READER_H_

#include "backends/rocksdb/read/read_view.h"
#include "quipu/backend/features.h"

namespace quipu::rocks {

// The reading side of vectors; write/vectors.cc has the writing one.
class VectorReader : public VectorValues {
 public:
  explicit VectorReader(ReadView view) : view_(std::move(view)) {}

  Status scan_vectors(std::string_view collection,
                      const std::function<Status(const VectorEntry&)>& use) const override;
  Status get_vectors(std::string_view collection, std::span<const std::string_view> keys,
                     const std::function<void(size_t i, std::span<const double>)>& use) const override;
  Result<std::unique_ptr<CodeReader>> codes(std::string_view collection) const override;

 private:
  const ReadView view_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_READ_VECTOR_READER_H_
