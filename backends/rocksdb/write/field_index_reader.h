#ifndef QUIPU_BACKENDS_ROCKSDB_WRITE_FIELD_INDEX_READER_H_
#define QUIPU_BACKENDS_ROCKSDB_WRITE_FIELD_INDEX_READER_H_

#include "backends/rocksdb/read/read_view.h"
#include "quipu/backend/features.h"

namespace quipu::rocks {

// The reading side of field indexes; field_index.cc has the writing one.
class FieldIndexReader : public FieldIndex {
 public:
  FieldIndexReader(Database& database, ReadView view) : database_(database), view_(std::move(view)) {}

  // Whether there is an index that has all keys with this value.
  static bool covers(const Collection& collection, std::string_view field, std::string_view value) {
    return collection.record.indexed_field == field && !value.empty();
  }

  Status ensure_index(std::string_view collection, std::string_view field) override;
  Result<std::vector<std::string>> keys_with_value(std::string_view collection, std::string_view field,
                                                   std::string_view value) const override;
  Result<std::vector<bool>> values_exist(std::string_view collection, std::string_view field,
                                         std::span<const std::string_view> values) const override;

 private:
  Database& database_;
  const ReadView view_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_WRITE_FIELD_INDEX_READER_H_
