#ifndef QUIPU_BACKENDS_ROCKSDB_WRITE_LIST_READER_H_
#define QUIPU_BACKENDS_ROCKSDB_WRITE_LIST_READER_H_

#include "backends/rocksdb/read/read_view.h"
#include "quipu/backend/features.h"

namespace quipu::rocks {

// The reading side of member lists and field indexes; writes go through Commit.
class ListReader : public MemberLists, public FieldIndex {
 public:
  ListReader(Database& database, ReadView view) : database_(database), view_(std::move(view)) {}

  Status ensure_index(std::string_view collection, std::string_view field) override;

  Result<std::optional<Info>> list_info(std::string_view collection, std::string_view key) const override;
  Result<bool> has_member(std::string_view collection, std::string_view key,
                          std::string_view member) const override;
  Result<std::vector<std::string>> members(std::string_view collection, std::string_view key) const override;
  Result<std::vector<std::string>> keys_with_value(std::string_view collection,
                                                   std::string_view value) const override;
  Result<std::vector<bool>> values_exist(std::string_view collection,
                                         std::span<const std::string_view> values) const override;

 private:
  Database& database_;
  const ReadView view_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_WRITE_LIST_READER_H_
