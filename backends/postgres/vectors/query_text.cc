#include "backends/postgres/vectors/query_text.h"

#include <utility>

namespace quipu::postgres {

std::string QueryText::add(std::string value, std::string_view type) {
  parameters_.push_back(std::move(value));
  return "$" + std::to_string(parameters_.size()) + "::" + std::string(type);
}

std::string QueryText::text(std::string value) { return add(std::move(value), "text"); }

std::string QueryText::texts(std::span<const std::string> values) {
  const std::vector<std::string_view> views(values.begin(), values.end());
  return add(Statement::binary(views), "text[]");
}

std::string QueryText::numbers(std::span<const int64_t> values) {
  return add(Statement::binary(values), "bigint[]");
}

std::string QueryText::bytes(std::string value, std::string_view type) { return add(std::move(value), type); }

Statement QueryText::statement() const {
  Statement statement(sql_, Statement::Use::kOnce);
  for (const std::string& parameter : parameters_) statement.text(parameter);
  return statement;
}

}  // namespace quipu::postgres
