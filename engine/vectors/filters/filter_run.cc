#include "engine/vectors/filters/filter_run.h"

#include <algorithm>
#include <optional>

#include "engine/vectors/filters/metadata_filter.h"

namespace quipu {
namespace {

constexpr int32_t kNoMetadata = MetadataColumns::kNoMetadata;

int32_t value_at(const MetadataColumns::Column& column, uint32_t row) {
  return row < column.value_of_row.size() ? column.value_of_row[row] : kNoMetadata;
}

// The strings, as JSON, of which a filter wants a value to be one, or none; nothing for all other filters.
std::optional<std::vector<std::string_view>> wanted_strings(const MetadataFilter& filter) {
  const JsonView value = filter.value;
  std::vector<std::string_view> strings;
  switch (filter.op) {
    case FilterOperator::EQ:
    case FilterOperator::NE:
      if (!value.is_string()) return std::nullopt;
      strings.push_back(value.text());
      return strings;
    case FilterOperator::IN:
    case FilterOperator::NIN:
      if (!value.is_array()) return std::nullopt;
      for (const JsonView element : value.elements()) {
        if (!element.is_string()) return std::nullopt;
        strings.push_back(element.text());
      }
      return strings;
    default: return std::nullopt;
  }
}

}  // namespace

FilterRun::FilterRun(const MetadataFilters& filters, const MetadataColumns& columns)
    : condition_(filters.condition.value_or(FilterCondition::AND)) {
  for (const auto& each : filters.filters) {
    const MetadataFilter* const filter = std::get_if<MetadataFilter>(&each);
    if (filter == nullptr) {
      verdicts_.push_back({nullptr, nullptr, {}});
      continue;
    }
    const MetadataColumns::Column& column = columns.column(filter->key);
    verdicts_.push_back({filter, &column, verdicts_at_once(*filter, column)});
  }
}

// A string equals just the values of its own text, so that these are looked up, not compared; all other
// filters are evaluated value by value, when a row has it.
std::vector<FilterRun::Verdict> FilterRun::verdicts_at_once(const MetadataFilter& filter,
                                                            const MetadataColumns::Column& column) {
  const std::optional<std::vector<std::string_view>> wanted = wanted_strings(filter);
  if (!wanted) return std::vector<Verdict>(column.values.size(), kUnsure);
  const bool matches = filter.op == FilterOperator::EQ || filter.op == FilterOperator::IN;
  std::vector<Verdict> verdicts(column.values.size(), matches ? 0 : 1);
  for (const std::string_view text : *wanted) {
    const auto place = column.places.find(std::string(text));
    if (place != column.places.end()) verdicts[static_cast<size_t>(place->second)] = matches ? 1 : 0;
  }
  return verdicts;
}

Result<FilterRun::Verdict> FilterRun::verdict_of(Verdicts& verdicts, int32_t value) {
  Verdict& verdict = verdicts.of_value[static_cast<size_t>(value)];
  if (verdict == kUnsure) {
    QUIPU_ASSIGN_OR_RETURN(
        const bool matches,
        filter_matches(*verdicts.filter, verdicts.column->values[static_cast<size_t>(value)]));
    verdict = matches ? 1 : 0;
  }
  return verdict;
}

Result<bool> FilterRun::passes(uint32_t row, std::string_view id) {
  size_t matching = 0;
  for (Verdicts& verdicts : verdicts_) {
    if (verdicts.filter == nullptr) return nested_filters();
    const int32_t value = value_at(*verdicts.column, row);
    if (value == kNoMetadata) return no_metadata(id);
    QUIPU_ASSIGN_OR_RETURN(const Verdict verdict, verdict_of(verdicts, value));
    matching += verdict;
  }
  return combine_matches(condition_, matching, verdicts_.size());
}

// Evaluates what is left. A value that fails stays unsure: no row may have it any more.
void FilterRun::decide(Verdicts& verdicts) {
  for (size_t value = 0; value < verdicts.of_value.size(); ++value) {
    (void)verdict_of(verdicts, static_cast<int32_t>(value)).has_value();
  }
}

void FilterRun::select(size_t rows, std::vector<uint32_t>& passing, std::vector<uint32_t>& unsure) {
  std::vector<Verdict> outcomes(rows, 0);
  for (Verdicts& verdicts : verdicts_) {
    size_t known = 0;  // rows, from the first on
    if (verdicts.filter != nullptr) {
      decide(verdicts);
      const std::vector<int32_t>& values = verdicts.column->value_of_row;
      known = std::min(rows, values.size());
      for (size_t row = 0; row < known; ++row) {
        const Verdict verdict =
            values[row] == kNoMetadata ? kUnsure : verdicts.of_value[static_cast<size_t>(values[row])];
        outcomes[row] = (outcomes[row] + (verdict & ~kUnsure)) | (verdict & kUnsure);
      }
    }
    for (size_t row = known; row < rows; ++row) outcomes[row] |= kUnsure;
  }
  for (uint32_t row = 0; row < rows; ++row) {
    if ((outcomes[row] & kUnsure) != 0) {
      unsure.push_back(row);
    } else if (combine_matches(condition_, outcomes[row], verdicts_.size())) {
      passing.push_back(row);
    }
  }
}

}  // namespace quipu
