#include "engine/python/python_compare.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

namespace quipu {
namespace {

bool is_number(JsonKind kind) {
  return kind == JsonKind::kBool || kind == JsonKind::kInt || kind == JsonKind::kFloat;
}

// An int's canonical text; True and False are 1 and 0.
std::string_view int_text(JsonView value) {
  if (value.kind() == JsonKind::kBool) return value.boolean() ? "1" : "0";
  return value.text();
}

std::strong_ordering compare_ints(std::string_view a, std::string_view b) {
  const bool a_negative = a.starts_with('-');
  const bool b_negative = b.starts_with('-');
  if (a_negative != b_negative) {
    return a_negative ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  if (a_negative) std::swap(a, b);  // the larger magnitude is the smaller number
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

// An int against a float, which need not have the same value as any double that the int rounds to.
std::partial_ordering compare_int_to_float(std::string_view integer, double number) {
  if (std::isnan(number)) return std::partial_ordering::unordered;
  if (std::isinf(number)) {
    return number > 0 ? std::partial_ordering::less : std::partial_ordering::greater;
  }
  const double whole = std::trunc(number);
  std::array<char, 400> digits;  // the largest double has 309
  std::snprintf(digits.data(), digits.size(), "%.0f", whole == 0 ? 0.0 : whole);
  const std::strong_ordering order = compare_ints(integer, digits.data());
  if (order != 0 || whole == number) return order;
  return number > whole ? std::partial_ordering::less : std::partial_ordering::greater;
}

std::vector<JsonView> elements_of(JsonView array) {
  std::vector<JsonView> all;
  for (const JsonView element : array.elements()) all.push_back(element);
  return all;
}

bool equal_objects(JsonView a, JsonView b) {
  size_t members = 0;
  for (const JsonMember& member : a.members()) {
    const std::optional<JsonView> other = b.find(member.key());
    if (!other || !python_equal(member.value, *other)) return false;
    ++members;
  }
  for ([[maybe_unused]] const JsonMember& member : b.members()) {
    if (members-- == 0) return false;
  }
  return members == 0;
}

Status not_supported(std::string_view op, JsonView a, JsonView b) {
  return Status::invalid_argument(
      "TypeError: '" + std::string(op) + "' not supported between instances of '" +
      std::string(python_type_name(a)) + "' and '" + std::string(python_type_name(b)) + "'");
}

}  // namespace

std::string_view python_type_name(JsonView value) {
  switch (value.kind()) {
    case JsonKind::kNull: return "NoneType";
    case JsonKind::kBool: return "bool";
    case JsonKind::kInt: return "int";
    case JsonKind::kFloat: return "float";
    case JsonKind::kString: return "str";
    case JsonKind::kArray: return "list";
    case JsonKind::kObject: return "dict";
  }
  return "object";
}

std::partial_ordering compare_numbers(JsonView a, JsonView b) {
  const bool a_float = a.kind() == JsonKind::kFloat;
  const bool b_float = b.kind() == JsonKind::kFloat;
  if (a_float && b_float) return *a.number() <=> *b.number();
  if (a_float) return 0 <=> compare_int_to_float(int_text(b), *a.number());
  if (b_float) return compare_int_to_float(int_text(a), *b.number());
  return compare_ints(int_text(a), int_text(b));
}

// UTF-8 orders as code points do, surrogates in their three bytes included.
std::strong_ordering compare_strings(std::string_view a, std::string_view b) { return a.compare(b) <=> 0; }

bool python_equal(JsonView a, JsonView b) {
  const JsonKind a_kind = a.kind();
  const JsonKind b_kind = b.kind();
  if (is_number(a_kind) && is_number(b_kind)) return compare_numbers(a, b) == 0;
  if (a_kind != b_kind) return false;
  if (a_kind == JsonKind::kArray) {
    const std::vector<JsonView> left = elements_of(a);
    const std::vector<JsonView> right = elements_of(b);
    if (left.size() != right.size()) return false;
    for (size_t i = 0; i < left.size(); ++i) {
      if (!python_equal(left[i], right[i])) return false;
    }
    return true;
  }
  if (a_kind == JsonKind::kObject) return equal_objects(a, b);
  return a.text() == b.text();
}

Result<std::partial_ordering> python_order(JsonView a, JsonView b, std::string_view op) {
  const JsonKind a_kind = a.kind();
  const JsonKind b_kind = b.kind();
  if (is_number(a_kind) && is_number(b_kind)) return compare_numbers(a, b);
  if (a_kind == JsonKind::kString && b_kind == JsonKind::kString) {
    return std::partial_ordering(compare_strings(a.string(), b.string()));
  }
  if (a_kind != JsonKind::kArray || b_kind != JsonKind::kArray) return not_supported(op, a, b);
  const std::vector<JsonView> left = elements_of(a);
  const std::vector<JsonView> right = elements_of(b);
  for (size_t i = 0; i < left.size() && i < right.size(); ++i) {
    if (!python_equal(left[i], right[i])) return python_order(left[i], right[i], op);
  }
  return std::partial_ordering(left.size() <=> right.size());
}

Result<bool> python_in(JsonView element, JsonView container) {
  switch (container.kind()) {
    case JsonKind::kString:
      if (!element.is_string()) {
        return Status::invalid_argument("TypeError: 'in <string>' requires string as left operand, not " +
                                        std::string(python_type_name(element)));
      }
      return container.string().find(element.string()) != std::string::npos;
    case JsonKind::kArray:
      for (const JsonView candidate : container.elements()) {
        if (python_equal(element, candidate)) return true;
      }
      return false;
    case JsonKind::kObject:
      if (element.is_array() || element.is_object()) {
        return Status::invalid_argument("TypeError: unhashable type: '" +
                                        std::string(python_type_name(element)) + "'");
      }
      return element.is_string() && container.find(element.string()).has_value();
    default:
      return Status::invalid_argument("TypeError: argument of type '" +
                                      std::string(python_type_name(container)) + "' is not iterable");
  }
}

}  // namespace quipu
