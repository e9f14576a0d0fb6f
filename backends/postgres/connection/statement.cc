#include "backends/postgres/connection/statement.h"

#include <arpa/inet.h>
#include <libpq-fe.h>

#include <charconv>
#include <utility>

namespace quipu::postgres {
namespace {

// Types in the binary form of an array.
constexpr uint32_t kTextType = 25;
constexpr uint32_t kBigintType = 20;

void append_word(uint32_t value, std::string& out) {
  const uint32_t bytes = htonl(value);
  out.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}

void append_bigint(int64_t value, std::string& out) {
  append_word(static_cast<uint32_t>(static_cast<uint64_t>(value) >> 32), out);
  append_word(static_cast<uint32_t>(value), out);
}

// One dimension, from 1 on, without nulls.
std::string array_header(uint32_t type, size_t size) {
  std::string bytes;
  append_word(size == 0 ? 0 : 1, bytes);
  append_word(0, bytes);
  append_word(type, bytes);
  if (size == 0) return bytes;
  append_word(static_cast<uint32_t>(size), bytes);
  append_word(1, bytes);
  return bytes;
}

}  // namespace

Statement& Statement::text(std::string_view value) {
  parameters_.push_back({value.data() != nullptr ? value : std::string_view(""), {}});
  return *this;
}

Statement& Statement::bytes(std::string value) {
  parameters_.push_back({{}, std::move(value)});
  return *this;
}

Statement& Statement::number(int64_t value) {
  std::string bytes;
  append_bigint(value, bytes);
  parameters_.push_back({{}, std::move(bytes)});
  return *this;
}

std::string Statement::binary(std::span<const std::string_view> texts) {
  std::string bytes = array_header(kTextType, texts.size());
  size_t size = bytes.size();
  for (const std::string_view text : texts) size += sizeof(uint32_t) + text.size();
  bytes.reserve(size);
  for (const std::string_view text : texts) {
    append_word(static_cast<uint32_t>(text.size()), bytes);
    bytes += text;
  }
  return bytes;
}

std::string Statement::binary(std::span<const int64_t> numbers) {
  std::string bytes = array_header(kBigintType, numbers.size());
  for (const int64_t number : numbers) {
    append_word(sizeof number, bytes);
    append_bigint(number, bytes);
  }
  return bytes;
}

std::string Statement::binary(uint32_t type, std::span<const std::string> elements) {
  std::string bytes = array_header(type, elements.size());
  for (const std::string& element : elements) {
    append_word(static_cast<uint32_t>(element.size()), bytes);
    bytes += element;
  }
  return bytes;
}

Statement& Statement::texts(std::span<const std::string_view> values) { return bytes(binary(values)); }

Statement& Statement::numbers(std::span<const int64_t> values) { return bytes(binary(values)); }

Statement::Arguments Statement::arguments() const {
  Arguments arguments;
  for (const Parameter& parameter : parameters_) {
    const std::string_view value = parameter.value();
    arguments.values.push_back(value.data());
    arguments.lengths.push_back(static_cast<int>(value.size()));
    arguments.formats.push_back(1);
  }
  return arguments;
}

size_t Statement::bytes() const {
  size_t bytes = 0;
  for (const Parameter& parameter : parameters_) bytes += parameter.value().size();
  return bytes;
}

std::string quoted(std::string_view identifier) {
  std::string text = "\"";
  for (const char c : identifier) {
    if (c == '"') text += c;
    text += c;
  }
  return text + '"';
}

void ResultSet::Clear::operator()(pg_result* result) const { PQclear(result); }

size_t ResultSet::rows() const { return static_cast<size_t>(PQntuples(result_.get())); }

int ResultSet::columns() const { return PQnfields(result_.get()); }

size_t ResultSet::bytes(size_t row) const {
  size_t bytes = 0;
  for (int column = 0; column < columns(); ++column) bytes += text(row, column).size();
  return bytes;
}

bool ResultSet::is_null(size_t row, int column) const {
  return PQgetisnull(result_.get(), static_cast<int>(row), column) != 0;
}

std::string_view ResultSet::text(size_t row, int column) const {
  const int at = static_cast<int>(row);
  return {PQgetvalue(result_.get(), at, column), static_cast<size_t>(PQgetlength(result_.get(), at, column))};
}

int64_t ResultSet::number(size_t row, int column) const {
  const std::string_view digits = text(row, column);
  int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

uint64_t ResultSet::changed() const {
  const std::string_view digits = PQcmdTuples(result_.get());
  uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace quipu::postgres
