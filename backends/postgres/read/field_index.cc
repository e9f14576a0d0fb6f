#include "backends/postgres/read/field_index.h"

#include <algorithm>

namespace quipu::postgres {
namespace {

// So many values are looked for one by one, more in one scan.
constexpr size_t kFewValues = 4;

}  // namespace

Status PostgresFieldIndex::ensure_index(std::string_view /*collection*/, std::string_view /*field*/) {
  return Status::ok();
}

Result<std::vector<std::string>> PostgresFieldIndex::keys_with_value(std::string_view collection,
                                                                     std::string_view field,
                                                                     std::string_view value) const {
  std::vector<std::string> keys;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<KVEntry> candidates, reader_.values_like(collection, value));
  for (const KVEntry& entry : candidates) {
    const JsonView object = entry.val.view();
    const std::optional<JsonView> member = object.is_object() ? object.find(field) : std::nullopt;
    if (member && member->is_string() && member->string() == value) keys.push_back(entry.key);
  }
  return keys;
}

Result<std::vector<bool>> PostgresFieldIndex::values_exist(std::string_view collection,
                                                           std::string_view field,
                                                           std::span<const std::string_view> values) const {
  if (values.size() > kFewValues) {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> all,
                           reader_.scan({.order = ScanOptions::Order::kInsertion}, collection));
    return scan_values_exist(*all, field, values);
  }
  std::vector<bool> exist;
  for (const std::string_view value : values) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> keys, keys_with_value(collection, field, value));
    exist.push_back(!keys.empty());
  }
  return exist;
}

}  // namespace quipu::postgres
