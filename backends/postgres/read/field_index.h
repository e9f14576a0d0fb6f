// PostgresFieldIndex: finds objects by a member's value with a search of the server through the collection's
// texts: O(collection) there, little of it comes here.
//
// Thread-safety, lifetime: as its reader.

#ifndef QUIPU_BACKENDS_POSTGRES_READ_FIELD_INDEX_H_
#define QUIPU_BACKENDS_POSTGRES_READ_FIELD_INDEX_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/postgres/read/reader.h"
#include "quipu/backend/features.h"

namespace quipu::postgres {

class PostgresFieldIndex : public FieldIndex {
 public:
  explicit PostgresFieldIndex(const PostgresReader& reader) : reader_(reader) {}

  Status ensure_index(std::string_view collection, std::string_view field) override;
  Result<std::vector<std::string>> keys_with_value(std::string_view collection, std::string_view field,
                                                   std::string_view value) const override;
  Result<std::vector<bool>> values_exist(std::string_view collection, std::string_view field,
                                         std::span<const std::string_view> values) const override;

 private:
  const PostgresReader& reader_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_READ_FIELD_INDEX_H_
