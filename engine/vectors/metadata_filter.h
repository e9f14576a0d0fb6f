// What a MetadataFilter says of one value.

#ifndef QUIPU_ENGINE_VECTORS_METADATA_FILTER_H_
#define QUIPU_ENGINE_VECTORS_METADATA_FILTER_H_

#include "quipu/metadata_filters.h"

namespace quipu {

// Whether the filter matches a metadata value (null for a missing one). Errors: kInvalidArgument "TypeError:
// ...".
Result<bool> filter_matches(const MetadataFilter& filter, JsonView metadata_value);

// How the outcomes of all filters of a node combine.
bool combine_matches(FilterCondition condition, size_t matching, size_t filters);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_METADATA_FILTER_H_
