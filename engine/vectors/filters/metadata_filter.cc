#include "engine/vectors/filters/metadata_filter.h"

#include <array>
#include <utility>

#include "engine/base/utf8.h"
#include "engine/python/python_compare.h"
#include "engine/python/python_lower.h"
#include "engine/python/python_text.h"

namespace quipu {
namespace {

constexpr std::array<std::pair<std::string_view, FilterOperator>, 14> kOperators = {{
    {"==", FilterOperator::EQ},
    {">", FilterOperator::GT},
    {"<", FilterOperator::LT},
    {"!=", FilterOperator::NE},
    {">=", FilterOperator::GTE},
    {"<=", FilterOperator::LTE},
    {"in", FilterOperator::IN},
    {"nin", FilterOperator::NIN},
    {"any", FilterOperator::ANY},
    {"all", FilterOperator::ALL},
    {"text_match", FilterOperator::TEXT_MATCH},
    {"text_match_insensitive", FilterOperator::TEXT_MATCH_INSENSITIVE},
    {"contains", FilterOperator::CONTAINS},
    {"is_empty", FilterOperator::IS_EMPTY},
}};

Status invalid(const std::string& what) { return Status::invalid_argument("ValidationError: " + what); }

bool is_number(JsonKind kind) { return kind == JsonKind::kInt || kind == JsonKind::kFloat; }

// A list of strings or of numbers; where floats are among ints, all become floats.
Result<Json> list_value(JsonView value) {
  bool strings = false;
  bool floats = false;
  bool ints = false;
  for (const JsonView element : value.elements()) {
    const JsonKind kind = element.kind();
    if (kind != JsonKind::kString && !is_number(kind)) return invalid("value: a list of another type");
    strings |= kind == JsonKind::kString;
    floats |= kind == JsonKind::kFloat;
    ints |= kind == JsonKind::kInt;
  }
  if (strings && (floats || ints)) return invalid("value: a list of strings and numbers");
  if (!floats || !ints) return Json::from_canonical(std::string(value.text()));
  std::string text = "[";
  for (const JsonView element : value.elements()) {
    if (text.size() > 1) text += ", ";
    append_json_double(element.number().value_or(0), text);
  }
  return Json::from_canonical(text + "]");
}

// The elements that `for val in value` yields. Errors: as Python.
Result<std::vector<Json>> iterate(JsonView value) {
  std::vector<Json> elements;
  if (value.is_array()) {
    for (const JsonView element : value.elements()) {
      elements.push_back(Json::from_canonical(std::string(element.text())));
    }
    return elements;
  }
  if (!value.is_string()) {
    return Status::invalid_argument("TypeError: '" + std::string(python_type_name(value)) +
                                    "' object is not iterable");
  }
  for (const uint32_t code_point : code_points(value.string())) {
    std::string character;
    append_utf8(code_point, character);
    elements.push_back(Json::from_string(character));
  }
  return elements;
}

// all() or any(), which stop at the first element that decides.
Result<bool> quantify(JsonView value, JsonView metadata, bool all) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<Json> elements, iterate(value));
  for (const Json& element : elements) {
    QUIPU_ASSIGN_OR_RETURN(const bool in, python_in(element, metadata));
    if (in != all) return in;
  }
  return all;
}

Result<bool> text_match(JsonView value, JsonView metadata, bool sensitive) {
  if (!value.is_string() || !metadata.is_string()) {
    return Status::invalid_argument(
        std::string("TypeError: Both metadata_value and value should be strings to be used with a ") +
        (sensitive ? "TEXT_MATCH filter" : "TEXT_MATCH_INSENSITIVE filter"));
  }
  if (sensitive) return metadata.string().find(value.string()) != std::string::npos;
  return python_lower(metadata.string()).find(python_lower(value.string())) != std::string::npos;
}

template <class Test>
Result<bool> ordered(JsonView metadata, JsonView value, std::string_view op, Test test) {
  QUIPU_ASSIGN_OR_RETURN(const std::partial_ordering order, python_order(metadata, value, op));
  return test(order);
}

Result<bool> negated(Result<bool> result) { return result ? Result<bool>(!*result) : result; }

}  // namespace

Result<MetadataFilter> MetadataFilter::from_json(JsonView json) {
  MetadataFilter filter;
  const std::optional<JsonView> key = json.find("key");
  const std::optional<JsonView> value = json.find("value");
  if (!key || !key->is_string()) return invalid("key: not a string");
  if (!value) return invalid("value: missing");
  filter.key = key->string();
  if (const std::optional<JsonView> op = json.find("operator")) {
    const std::string name = op->is_string() ? op->string() : std::string();
    const auto* known = kOperators.begin();
    while (known != kOperators.end() && known->first != name) ++known;
    if (known == kOperators.end()) return invalid("operator: " + std::string(op->text()));
    filter.op = known->second;
  }
  const JsonKind kind = value->kind();
  if (kind == JsonKind::kArray) {
    QUIPU_ASSIGN_OR_RETURN(filter.value, list_value(*value));
  } else if (kind == JsonKind::kBool || kind == JsonKind::kObject) {
    return invalid("value: a " + std::string(python_type_name(*value)));
  } else {
    filter.value = Json::from_canonical(std::string(value->text()));
  }
  return filter;
}

Result<MetadataFilters> MetadataFilters::from_json(JsonView json) {
  MetadataFilters filters;
  const std::optional<JsonView> list = json.find("filters");
  if (!list || !list->is_array()) return invalid("filters: not a list");
  for (const JsonView element : list->elements()) {
    if (element.find("filters")) {
      QUIPU_ASSIGN_OR_RETURN(MetadataFilters nested, from_json(element));
      filters.filters.emplace_back(std::move(nested));
    } else {
      QUIPU_ASSIGN_OR_RETURN(MetadataFilter filter, MetadataFilter::from_json(element));
      filters.filters.emplace_back(std::move(filter));
    }
  }
  const std::optional<JsonView> condition = json.find("condition");
  if (!condition) return filters;
  if (condition->is_null()) {
    filters.condition = std::nullopt;
  } else if (condition->text() == "\"or\"") {
    filters.condition = FilterCondition::OR;
  } else if (condition->text() == "\"not\"") {
    filters.condition = FilterCondition::NOT;
  } else if (condition->text() != "\"and\"") {
    return invalid("condition: " + std::string(condition->text()));
  }
  return filters;
}

Result<bool> filter_matches(const MetadataFilter& filter, JsonView metadata) {
  const JsonView value = filter.value;
  if (filter.op == FilterOperator::IS_EMPTY) {
    return metadata.is_null() || metadata.text() == "\"\"" || metadata.text() == "[]";
  }
  if (metadata.is_null()) return filter.op == FilterOperator::NE || filter.op == FilterOperator::NIN;
  switch (filter.op) {
    case FilterOperator::EQ: return python_equal(metadata, value);
    case FilterOperator::NE: return !python_equal(metadata, value);
    case FilterOperator::GT: return ordered(metadata, value, ">", [](auto order) { return order > 0; });
    case FilterOperator::GTE: return ordered(metadata, value, ">=", [](auto order) { return order >= 0; });
    case FilterOperator::LT: return ordered(metadata, value, "<", [](auto order) { return order < 0; });
    case FilterOperator::LTE: return ordered(metadata, value, "<=", [](auto order) { return order <= 0; });
    case FilterOperator::IN: return python_in(metadata, value);
    case FilterOperator::NIN: return negated(python_in(metadata, value));
    case FilterOperator::CONTAINS: return python_in(value, metadata);
    case FilterOperator::TEXT_MATCH: return text_match(value, metadata, true);
    case FilterOperator::TEXT_MATCH_INSENSITIVE: return text_match(value, metadata, false);
    case FilterOperator::ALL: return quantify(value, metadata, true);
    case FilterOperator::ANY: return quantify(value, metadata, false);
    case FilterOperator::IS_EMPTY: break;
  }
  return false;
}

Status no_metadata(std::string_view id) {
  std::string message = "KeyError: ";
  append_string_repr(id, message);
  return Status::invalid_argument(message);
}

Status nested_filters() {
  return Status::invalid_argument("ValueError: Nested MetadataFilters are not supported.");
}

Result<bool> filters_match(const MetadataFilters& filters, std::string_view id,
                           const std::optional<JsonView>& metadata) {
  size_t matching = 0;
  for (const auto& each : filters.filters) {
    const MetadataFilter* const filter = std::get_if<MetadataFilter>(&each);
    if (filter == nullptr) return nested_filters();
    if (!metadata) return no_metadata(id);
    const JsonView value = metadata->find(filter->key).value_or(JsonView());
    QUIPU_ASSIGN_OR_RETURN(const bool matches, filter_matches(*filter, value));
    matching += matches ? 1 : 0;
  }
  return combine_matches(filters.condition.value_or(FilterCondition::AND), matching, filters.filters.size());
}

}  // namespace quipu
