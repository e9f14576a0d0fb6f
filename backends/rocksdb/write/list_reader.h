#ifndef QUIPU_BACKENDS_ROCKSDB_WRITE_LIST_READER_H_
#define QUIPU_BACKENDS_ROCKSDB_WRITE_LIST_READER_H_

#include "backends/rocksdb/read/read_view.h"
#include "quipu/backend/features.h"

namespace quipu::rocks {

// The reading side of member lists; member_lists.cc has the writing one.
class ListReader : public MemberLists {
 public:
  ListReader(Database& database, ReadView view) : database_(database), view_(std::move(view)) {}

  Result<std::optional<Info>> list_info(std::string_view collection, std::string_view key) const override;
  Result<bool> has_member(std::string_view collection, std::string_view key,
                          std::string_view member) const override;
  Result<std::vector<std::string>> members(std::string_view collection, std::string_view key) const override;

 private:
  Database& database_;
  const ReadView view_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_WRITE_LIST_READER_H_
