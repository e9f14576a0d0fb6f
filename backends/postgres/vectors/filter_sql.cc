#include "backends/postgres/vectors/filter_sql.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

constexpr int kDeepest = 64;
constexpr size_t kMostParameters = 30000;  // of 65,535 that a statement may have

// A text that a number surely can be made of; what is between the parentheses is it.
constexpr std::string_view kNumber =
    "'^[[:space:]]*([-+]?(?:[0-9]{1,255}(?:[.][0-9]{0,255})?|[.][0-9]{1,255})(?:[eE][-+]?[0-9]{1,3})?)"
    "[[:space:]]*$'";

struct Comparison {
  FilterOperator op;
  std::string_view sql;
};
constexpr std::array<Comparison, 6> kComparisons = {{{FilterOperator::EQ, "="},
                                                     {FilterOperator::GT, ">"},
                                                     {FilterOperator::LT, "<"},
                                                     {FilterOperator::NE, "<>"},
                                                     {FilterOperator::GTE, ">="},
                                                     {FilterOperator::LTE, "<="}}};

Status refused(const MetadataFilter& filter, const std::string& why) {
  return Status::invalid_argument("filter over " + Json::from_string(filter.key).text() + ": " + why);
}

Result<std::string> text_of(const MetadataFilter& filter, std::string text) {
  if (is_text(text)) return text;
  return refused(filter, "PostgreSQL has no text with NUL or half a surrogate pair");
}

// str() of a value of a filter: a string's text, a number as JSON has it.
std::string str(JsonView value) { return value.is_string() ? value.string() : std::string(value.text()); }

Result<std::vector<std::string>> texts_of(const MetadataFilter& filter) {
  const JsonView value = filter.value.view();
  if (value.kind() != JsonKind::kArray) return refused(filter, "TypeError: the operator takes a list");
  std::vector<std::string> texts;
  for (const JsonView element : value.elements()) {
    QUIPU_ASSIGN_OR_RETURN(texts.emplace_back(), text_of(filter, str(element)));
  }
  return texts;
}

// Takes digits, between which single underscores may stand; how many there were.
size_t take_digits(std::string_view& rest, std::string& digits) {
  size_t count = 0;
  while (!rest.empty()) {
    const bool is_joint = rest[0] == '_' && count > 0 && rest.size() > 1 &&
                          std::isdigit(static_cast<unsigned char>(rest[1])) != 0;
    if (is_joint) rest.remove_prefix(1);
    if (rest.empty() || std::isdigit(static_cast<unsigned char>(rest[0])) == 0) break;
    digits += rest[0];
    rest.remove_prefix(1);
    ++count;
  }
  return count;
}

// The number that Python's float() sees in a text, as PostgreSQL reads it; nothing where it sees none, or one
// of a size that no metadata are compared with.
std::optional<std::string> number_in(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n\r\f\v";
  constexpr size_t kMostDigits = 255;
  constexpr size_t kMostExponent = 3;
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(kSpaces)));
  text = text.substr(0, text.find_last_not_of(kSpaces) + 1);
  std::string number;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    number += text[0];
    text.remove_prefix(1);
  }
  size_t digits = take_digits(text, number);
  if (digits > kMostDigits) return std::nullopt;
  if (!text.empty() && text[0] == '.') {
    number += '.';
    text.remove_prefix(1);
    const size_t after = take_digits(text, number);
    if (after > kMostDigits) return std::nullopt;
    digits += after;
  }
  if (digits == 0) return std::nullopt;
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    number += 'e';
    text.remove_prefix(1);
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
      number += text[0];
      text.remove_prefix(1);
    }
    const size_t exponent = take_digits(text, number);
    if (exponent == 0 || exponent > kMostExponent) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return number;
}

std::string escaped_pattern(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

class Translator {
 public:
  explicit Translator(QueryText& query) : query_(query) {}

  Result<std::string> all(const MetadataFilters& filters, int depth) {
    if (depth > kDeepest) return Status::invalid_argument("filters are nested more than 64 deep");
    const FilterCondition condition = filters.condition.value_or(FilterCondition::AND);
    std::string sql;
    for (const auto& each : filters.filters) {
      const auto* const nested = std::get_if<MetadataFilters>(&each);
      QUIPU_ASSIGN_OR_RETURN(const std::string one, nested != nullptr
                                                        ? all(*nested, depth + 1)
                                                        : single(std::get<MetadataFilter>(each)));
      if (!sql.empty()) sql += condition == FilterCondition::AND ? " AND " : " OR ";
      ((sql += '(') += one) += ')';
    }
    if (sql.empty()) return std::string("true");
    // What a filter cannot say of a row is no match.
    if (condition == FilterCondition::NOT) return "NOT coalesce(" + sql + ", false)";
    return sql;
  }

 private:
  Result<std::string> single(const MetadataFilter& filter) {
    if (query_.parameters() > kMostParameters) return Status::invalid_argument("there are too many filters");
    QUIPU_ASSIGN_OR_RETURN(std::string key, text_of(filter, filter.key));
    key_ = query_.text(std::move(key));
    switch (filter.op) {
      case FilterOperator::IN: return among(filter, " = ANY (");
      case FilterOperator::NIN: return among(filter, " <> ALL (");
      case FilterOperator::ANY: return elements(filter, "?|");
      case FilterOperator::ALL: return elements(filter, "?&");
      case FilterOperator::CONTAINS: return contains(filter);
      case FilterOperator::TEXT_MATCH: return matches(filter, " LIKE ");
      case FilterOperator::TEXT_MATCH_INSENSITIVE: return matches(filter, " ILIKE ");
      case FilterOperator::IS_EMPTY: return text() + " IS NULL";
      default: return compared(filter);
    }
  }

  // The metadata as text, and as JSON.
  std::string text() const { return "(t.metadata_ ->> " + key_ + ")"; }
  std::string json() const { return "(t.metadata_ -> " + key_ + ")::jsonb"; }

  Result<std::string> among(const MetadataFilter& filter, std::string_view op) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> texts, texts_of(filter));
    return text() + std::string(op) + query_.texts(texts) + ")";
  }

  Result<std::string> elements(const MetadataFilter& filter, std::string_view op) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> texts, texts_of(filter));
    return json() + " " + std::string(op) + " " + query_.texts(texts);
  }

  // A list that has this text; a number in a list is none.
  Result<std::string> contains(const MetadataFilter& filter) {
    QUIPU_ASSIGN_OR_RETURN(const std::string value, scalar(filter));
    return json() + " @> jsonb_build_array(" + query_.text(value) + ")";
  }

  Result<std::string> matches(const MetadataFilter& filter, std::string_view op) {
    QUIPU_ASSIGN_OR_RETURN(const std::string value, scalar(filter));
    return text() + std::string(op) + query_.text(escaped_pattern(value));
  }

  Result<std::string> scalar(const MetadataFilter& filter) {
    const JsonView value = filter.value.view();
    if (value.kind() == JsonKind::kArray || value.is_null())
      return refused(filter, "TypeError: the operator takes a string or a number");
    return text_of(filter, str(value));
  }

  // With what can be read as a number as numbers, with all else as texts.
  Result<std::string> compared(const MetadataFilter& filter) {
    const auto comparison = std::ranges::find(kComparisons, filter.op, &Comparison::op);
    if (comparison == kComparisons.end()) return refused(filter, "there is no such operator");
    QUIPU_ASSIGN_OR_RETURN(const std::string value, scalar(filter));
    const std::string op = " " + std::string(comparison->sql) + " ";
    const std::optional<std::string> number = number_in(value);
    if (!number) return text() + op + query_.text(value);
    const std::string wanted = query_.text(*number) + "::numeric";
    const std::string found = "substring(" + text() + " FROM " + std::string(kNumber) + ")::numeric";
    if (filter.op != FilterOperator::NE) return found + op + wanted;
    return text() + " IS NOT NULL AND " + found + " IS DISTINCT FROM " + wanted;
  }

  QueryText& query_;
  std::string key_;  // of the filter at hand, as a parameter
};

}  // namespace

Result<std::string> filter_sql(const MetadataFilters& filters, QueryText& query) {
  return Translator(query).all(filters, 0);
}

}  // namespace quipu::postgres
