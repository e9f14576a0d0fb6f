#ifndef QUIPU_BACKENDS_ROCKSDB_READ_COMPOSED_VALUE_READER_H_
#define QUIPU_BACKENDS_ROCKSDB_READ_COMPOSED_VALUE_READER_H_

#include "backends/rocksdb/read/read_view.h"
#include "quipu/backend/features.h"

namespace quipu::rocks {

// The reading side of composed values; write/composed_values.cc has the writing one.
class ComposedValueReader : public ComposedValues {
 public:
  explicit ComposedValueReader(ReadView view) : view_(std::move(view)) {}

  Result<std::optional<Info>> composed_info(std::string_view collection, std::string_view key) const override;
  Result<std::vector<Part>> parts(std::string_view collection, std::string_view key) const override;

 private:
  const ReadView view_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_READ_COMPOSED_VALUE_READER_H_
