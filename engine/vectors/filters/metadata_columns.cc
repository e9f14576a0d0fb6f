#include "engine/vectors/filters/metadata_columns.h"

#include <utility>

namespace quipu {

Status MetadataColumns::make(std::span<const std::string> keys, size_t rows, const ForEachRow& for_each) {
  if (keys.empty()) return Status::ok();
  std::map<std::string, Column> made;
  for (const std::string& key : keys) made[key].value_of_row.assign(rows, kNoMetadata);
  QUIPU_RETURN_IF_ERROR(for_each([&](uint32_t row, JsonView metadata) {
    for (auto& [key, column] : made) set(column, key, row, metadata);
  }));
  for (auto& [key, column] : made) columns_.insert_or_assign(key, std::move(column));
  return Status::ok();
}

void MetadataColumns::set(Column& column, const std::string& key, uint32_t row, JsonView metadata) {
  const std::string text(metadata.find(key).value_or(JsonView()).text());
  const auto [place, added] = column.places.try_emplace(text, static_cast<int32_t>(column.values.size()));
  if (added) {
    column.values.push_back(Json::from_canonical(text));
    column.text_bytes += text.size();
  }
  if (row >= column.value_of_row.size()) column.value_of_row.resize(row + 1, kNoMetadata);
  column.value_of_row[row] = place->second;
}

void MetadataColumns::set(uint32_t row, JsonView metadata) {
  for (auto& [key, column] : columns_) set(column, key, row, metadata);
}

size_t MetadataColumns::memory_bytes() const {
  constexpr size_t kOfAValue = 144;  // two strings, and a place in the map
  size_t bytes = 0;
  for (const auto& [key, column] : columns_) {
    bytes += column.value_of_row.capacity() * sizeof(int32_t) + 2 * column.text_bytes +
             column.values.size() * kOfAValue;
  }
  return bytes;
}

void MetadataColumns::forget(uint32_t row) {
  for (auto& [key, column] : columns_) {
    if (row < column.value_of_row.size()) column.value_of_row[row] = kNoMetadata;
  }
}

}  // namespace quipu
