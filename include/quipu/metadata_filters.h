// Filters over the metadata of vectors, as LlamaIndex's vector_stores/types.py has them.
//
//   MetadataFilters filters{{MetadataFilter{"page", Json::from_int(3), FilterOperator::GTE}}};
//
// Semantics are Python's, as in the reference's build_metadata_filter_fn: 1 == 1.0 == True, ints of any
// length compare exactly with floats, `in` looks for substrings in strings and keys in dicts, what Python
// cannot compare is an error (kInvalidArgument "TypeError: ..."). Missing and null metadata match only NE and
// NIN (and IS_EMPTY).

#ifndef QUIPU_METADATA_FILTERS_H_
#define QUIPU_METADATA_FILTERS_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

enum class FilterOperator {
  EQ,                      // ==
  GT,                      // >
  LT,                      // <
  NE,                      // !=
  GTE,                     // >=
  LTE,                     // <=
  IN,                      // the metadata is in the value
  NIN,                     // it is not
  ANY,                     // any element of the value is in the metadata
  ALL,                     // all are
  TEXT_MATCH,              // the value is a substring
  TEXT_MATCH_INSENSITIVE,  // the same, lower case
  CONTAINS,                // the value is in the metadata
  IS_EMPTY,                // no metadata, or null, "" or []
};

// How several filters combine; NOT: none may match.
enum class FilterCondition { AND, OR, NOT };

struct MetadataFilter {
  std::string key;
  Json value;
  FilterOperator op = FilterOperator::EQ;

  // {"key", "value", "operator"}. Errors: kInvalidArgument "ValidationError: ..." for an unknown operator,
  // and for a value that is no string, number, list of one kind of these, or null.
  static Result<MetadataFilter> from_json(JsonView json);
};

struct MetadataFilters {
  // Nested filters are refused when they are used, as in the reference.
  std::vector<std::variant<MetadataFilter, MetadataFilters>> filters;
  std::optional<FilterCondition> condition = FilterCondition::AND;  // nothing: AND

  // {"filters": [...], "condition": "and" | "or" | "not" | null}.
  static Result<MetadataFilters> from_json(JsonView json);
};

}  // namespace quipu

#endif  // QUIPU_METADATA_FILTERS_H_
