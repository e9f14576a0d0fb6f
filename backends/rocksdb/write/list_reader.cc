#include "backends/rocksdb/write/list_reader.h"

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/reader.h"

namespace quipu::rocks {

Result<std::optional<MemberLists::Info>> ListReader::list_info(std::string_view collection,
                                                               std::string_view key) const {
  QUIPU_RETURN_IF_ERROR(database_.usable());
  const CollectionPtr found = database_.find(collection);
  if (!found) return std::optional<Info>();
  rocksdb::PinnableSlice value;
  const rocksdb::Status read = view_.get(found->family.get(), slice(found->key(key)), value);
  if (read.IsNotFound()) return std::optional<Info>();
  QUIPU_RETURN_IF_ERROR(from_rocksdb(read, "cannot read a member list"));
  const std::optional<DataRecord> record = parse_data_record(view(value));
  if (!record) return damaged_record(*found, key);
  if (!record->is_list()) return std::optional<Info>();
  const std::optional<ListHeader> header = parse_list_header(*record);
  if (!header) return damaged_record(*found, key);
  return std::optional<Info>({header->count, std::string(header->head), std::string(header->tail)});
}

Result<bool> ListReader::has_member(std::string_view collection, std::string_view key,
                                    std::string_view member) const {
  QUIPU_RETURN_IF_ERROR(database_.usable());
  const CollectionPtr found = database_.find(collection);
  if (!found) return false;
  rocksdb::PinnableSlice value;
  const std::string record = list_prefix(found->id(), key) + std::string(member);
  const rocksdb::Status read = view_.get(database_.lists(), slice(record), value);
  if (read.IsNotFound()) return false;
  QUIPU_RETURN_IF_ERROR(from_rocksdb(read, "cannot read a member list"));
  return true;
}

Result<std::vector<std::string>> ListReader::members(std::string_view collection,
                                                     std::string_view key) const {
  QUIPU_RETURN_IF_ERROR(database_.usable());
  const CollectionPtr found = database_.find(collection);
  return found ? Reader(view_).members(*found, key) : std::vector<std::string>();
}

}  // namespace quipu::rocks
