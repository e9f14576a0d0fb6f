#include "backends/rocksdb/read/composed_value_reader.h"

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/reader.h"

namespace quipu::rocks {

Result<std::optional<ComposedValues::Info>> ComposedValueReader::composed_info(std::string_view collection,
                                                                               std::string_view key) const {
  QUIPU_RETURN_IF_ERROR(view_.database().usable());
  const CollectionPtr found = view_.database().find(collection);
  if (!found) return std::optional<Info>();
  rocksdb::PinnableSlice value;
  QUIPU_ASSIGN_OR_RETURN(const bool there,
                         is_found(view_.get(found->family.get(), slice(found->key(key)), value),
                                  "cannot read a composed value"));
  if (!there) return std::optional<Info>();
  const std::optional<DataRecord> record = parse_data_record(view(value));
  if (!record) return damaged_record(*found, key);
  if (!record->is_composed()) return std::optional<Info>();
  const std::optional<ComposedHeader> header = parse_composed_header(*record);
  if (!header) return damaged_record(*found, key);
  return std::optional<Info>({header->revision, header->added, {header->texts.begin(), header->texts.end()}});
}

Result<std::vector<ComposedValues::Part>> ComposedValueReader::parts(std::string_view collection,
                                                                     std::string_view key) const {
  QUIPU_RETURN_IF_ERROR(view_.database().usable());
  const CollectionPtr found = view_.database().find(collection);
  return found ? Reader(view_).parts(*found, key) : std::vector<Part>();
}

}  // namespace quipu::rocks
