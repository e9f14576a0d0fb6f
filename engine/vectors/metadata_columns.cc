#include "engine/vectors/metadata_columns.h"

#include "engine/vectors/metadata_filter.h"

namespace quipu {
namespace {}  // namespace

Status MetadataColumns::make(const std::string& key, size_t rows, const ForEachRow& for_each) {
  Column column;
  column.value_of_row.assign(rows, kNoMetadata);
  QUIPU_RETURN_IF_ERROR(for_each([&](uint32_t row, JsonView metadata) { set(column, key, row, metadata); }));
  columns_.insert_or_assign(key, std::move(column));
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

FilterRun::FilterRun(const MetadataFilters& filters, const MetadataColumns& columns)
    : condition_(filters.condition.value_or(FilterCondition::AND)) {
  for (const auto& each : filters.filters) {
    const MetadataFilter* const filter = std::get_if<MetadataFilter>(&each);
    const MetadataColumns::Column* const column = filter != nullptr ? &columns.column(filter->key) : nullptr;
    verdicts_.push_back(
        {filter, column, std::vector<int8_t>(column != nullptr ? column->values.size() : 0, kUnknown)});
  }
}

Result<bool> FilterRun::passes(uint32_t row, std::string_view id) {
  size_t matching = 0;
  for (Verdicts& verdicts : verdicts_) {
    if (verdicts.filter == nullptr) {
      return nested_filters();
    }
    const std::vector<int32_t>& values = verdicts.column->value_of_row;
    const int32_t value = row < values.size() ? values[row] : MetadataColumns::kNoMetadata;
    if (value == MetadataColumns::kNoMetadata) {
      return no_metadata(id);
    }
    int8_t& verdict = verdicts.of_value[static_cast<size_t>(value)];
    if (verdict == kUnknown) {
      QUIPU_ASSIGN_OR_RETURN(
          const bool matches,
          filter_matches(*verdicts.filter, verdicts.column->values[static_cast<size_t>(value)]));
      verdict = matches ? 1 : 0;
    }
    matching += static_cast<size_t>(verdict);
  }
  return combine_matches(condition_, matching, verdicts_.size());
}

}  // namespace quipu
