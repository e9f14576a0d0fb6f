#include "backends/rocksdb/write/field_index_reader.h"

#include <algorithm>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/reader.h"
#include "backends/rocksdb/write/collection_catalog.h"

namespace quipu::rocks {

Status FieldIndexReader::ensure_index(std::string_view collection, std::string_view field) {
  QUIPU_RETURN_IF_ERROR(database_.usable());
  if (view_.is_at_hand()) {
    const CollectionPtr found = database_.find(collection);
    return !found || found->record.indexed_field == field ? Status::ok()
                                                          : Status::busy("an index is to be made");
  }
  return rocks::ensure_index(database_, collection, field);
}

Result<std::vector<std::string>> FieldIndexReader::keys_with_value(std::string_view collection,
                                                                   std::string_view field,
                                                                   std::string_view value) const {
  QUIPU_RETURN_IF_ERROR(database_.usable());
  const CollectionPtr found = database_.find(collection);
  std::vector<std::string> keys;
  if (!found) return keys;
  if (!covers(*found, field, value)) {
    if (view_.is_at_hand()) return Status::busy("all values are to be read");
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> all, Reader(view_).scan(found, {}));
    return scan_keys_with_value(*all, field, value);
  }
  const std::string prefix = index_prefix(found->id(), value);
  const std::string end = after_prefix(prefix);
  const rocksdb::Slice upper = slice(end);
  rocksdb::ReadOptions options;
  if (!end.empty()) options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> it = view_.iterate(database_.index(), options);
  for (it->Seek(slice(prefix)); it->Valid(); it->Next())
    keys.emplace_back(view(it->key()).substr(prefix.size()));
  QUIPU_RETURN_IF_ERROR(from_rocksdb(it->status(), "cannot read an index"));
  return keys;
}

Result<std::vector<bool>> FieldIndexReader::values_exist(std::string_view collection, std::string_view field,
                                                         std::span<const std::string_view> values) const {
  QUIPU_RETURN_IF_ERROR(database_.usable());
  std::vector<bool> exist(values.size(), false);
  const CollectionPtr found = database_.find(collection);
  if (!found) return exist;
  const auto covered = [&](std::string_view value) { return covers(*found, field, value); };
  if (!std::ranges::all_of(values, covered)) {
    if (view_.is_at_hand()) return Status::busy("all values are to be read");
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> all, Reader(view_).scan(found, {}));
    return scan_values_exist(*all, field, values);
  }
  const std::unique_ptr<rocksdb::Iterator> it = view_.iterate(database_.index());
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string prefix = index_prefix(found->id(), values[i]);
    it->Seek(slice(prefix));
    exist[i] = it->Valid() && view(it->key()).starts_with(prefix);
    QUIPU_RETURN_IF_ERROR(from_rocksdb(it->status(), "cannot read an index"));
  }
  return exist;
}

}  // namespace quipu::rocks
