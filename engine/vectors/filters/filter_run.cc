#include "engine/vectors/filters/filter_run.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "engine/vectors/filters/metadata_filter.h"

namespace quipu {
namespace {

// So many rows are looked at together: what is known of them stays in the processor's nearest cache.
constexpr size_t kRowsAtOnce = 1024;
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
  for (Verdicts& verdicts : verdicts_) {
    if (verdicts.filter != nullptr) decide(verdicts);
  }
  for (size_t begin = 0; begin < rows; begin += kRowsAtOnce) {
    select_some(begin, std::min(kRowsAtOnce, rows - begin), passing, unsure);
  }
}

void FilterRun::select_some(size_t begin, size_t count, std::vector<uint32_t>& passing,
                            std::vector<uint32_t>& unsure) const {
  std::array<Verdict, kRowsAtOnce> outcomes{};
  for (const Verdicts& verdicts : verdicts_) {
    size_t known = 0;  // rows, from the first on
    if (verdicts.filter != nullptr) {
      const std::span values = std::span(verdicts.column->value_of_row);
      const Verdict* const of_value = verdicts.of_value.data();
      known = std::min(count, values.size() - std::min(begin, values.size()));
      for (size_t i = 0; i < known; ++i) {
        const int32_t value = values[begin + i];
        const Verdict verdict = value == kNoMetadata ? kUnsure : of_value[value];
        outcomes[i] = (outcomes[i] + (verdict & ~kUnsure)) | (verdict & kUnsure);
      }
    }
    for (size_t i = known; i < count; ++i) outcomes[i] |= kUnsure;
  }
  const auto filters = static_cast<Verdict>(verdicts_.size());
  const Verdict least = condition_ == FilterCondition::AND ? filters : condition_ == FilterCondition::OR;
  const Verdict outcomes_that_pass = condition_ == FilterCondition::OR ? filters : 1;  // from that on
  std::array<uint32_t, kRowsAtOnce> found;
  size_t found_count = 0;  // counted without a branch, which could not be foreseen
  Verdict any = 0;
  for (size_t i = 0; i < count; ++i) {
    any |= outcomes[i];
    found[found_count] = static_cast<uint32_t>(begin + i);
    found_count += static_cast<size_t>(outcomes[i] - least < outcomes_that_pass);  // never where it is unsure
  }
  passing.insert(passing.end(), found.begin(), found.begin() + found_count);
  if ((any & kUnsure) == 0) return;
  for (size_t i = 0; i < count; ++i) {
    if ((outcomes[i] & kUnsure) != 0) unsure.push_back(static_cast<uint32_t>(begin + i));
  }
}

}  // namespace quipu
