// What a MetadataFilter says of one value.

#ifndef QUIPU_ENGINE_VECTORS_FILTERS_METADATA_FILTER_H_
#define QUIPU_ENGINE_VECTORS_FILTERS_METADATA_FILTER_H_

#include <optional>
#include <string_view>

#include "quipu/vector_store.h"

namespace quipu {

// Whether the filter matches a metadata value (null for a missing one). Errors: kInvalidArgument "TypeError:
// ...".
Result<bool> filter_matches(const MetadataFilter& filter, JsonView metadata_value);

// Whether the filters match a node's metadata; `id` is for the message. Errors: those of filter_matches,
// no_metadata() and nested_filters().
Result<bool> filters_match(const MetadataFilters& filters, std::string_view id,
                           const std::optional<JsonView>& metadata);
Status no_metadata(std::string_view id);  // kInvalidArgument "KeyError: 'id'"
Status nested_filters();                  // kInvalidArgument "ValueError: Nested ..."

// How the outcomes of all filters of a node combine.
inline bool combine_matches(FilterCondition condition, size_t matching, size_t filters) {
  switch (condition) {
    case FilterCondition::AND: return matching == filters;
    case FilterCondition::OR: return matching > 0;
    case FilterCondition::NOT: return matching == 0;
  }
  return false;
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_FILTERS_METADATA_FILTER_H_
