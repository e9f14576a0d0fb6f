#include "engine/json/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <system_error>

#include "quipu/json.h"

namespace quipu {
namespace {

// The longest is like -1.7976931348623157e+308.
constexpr size_t kMaxFloatSize = 24;

// Writes a finite double as float.__repr__ does; returns the end. `out` has room for kMaxFloatSize bytes.
// Source of the form: CPython 3.11, Python/pystrtod.c, format code 'r'.
char* print_python_float(double value, char* out) {
  char text[32];  // d.ddde+dd
  const char* const text_end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  const char* at = text;
  if (*at == '-') *out++ = *at++;
  char digits[20] = {};  // seventeen at most
  size_t count = 0;
  for (; *at != 'e'; ++at) {
    if (*at != '.') digits[count++] = *at;
  }
  int exponent = 0;
  std::from_chars(at[1] == '+' ? at + 2 : at + 1, text_end, exponent);

  if (exponent < -4 || exponent >= 16) {
    *out++ = digits[0];
    if (count > 1) *out++ = '.';
    out = std::copy(digits + 1, digits + count, out);
    return std::copy(at, text_end, out);  // to_chars, too, has a sign and two digits at least
  }
  const auto whole = static_cast<size_t>(std::max(exponent + 1, 0));
  if (whole == 0) {
    *out++ = '0';
  } else {
    out = std::copy(digits, digits + std::min(count, whole), out);
    if (count < whole) out = std::fill_n(out, whole - count, '0');
  }
  *out++ = '.';
  if (exponent < 0) out = std::fill_n(out, -exponent - 1, '0');
  if (count <= whole) {
    *out++ = '0';
    return out;
  }
  return std::copy(digits + whole, digits + count, out);
}

// True for text like 12.5 that certainly is the shortest for its double: all decimals of up to fifteen
// digits are different doubles. Not for exponents, small numbers and trailing zeros.
bool is_short_decimal(std::string_view text) {
  if (text.front() == '-') text.remove_prefix(1);
  if (text.size() > 16) return false;  // fifteen digits and the point
  const size_t point = text.find('.');
  if (point == std::string_view::npos || text.find_first_of("eE") != std::string_view::npos) return false;
  const std::string_view fraction = text.substr(point + 1);
  if (fraction == "0") return true;
  return fraction.back() != '0' && !(text.starts_with("0.") && fraction.starts_with("0000"));
}

// For a number that is beyond the range of a double: on which side, zero or infinity.
double beyond_range(std::string_view text) {
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  const size_t exponent_at = std::min(text.find_first_of("eE"), text.size());
  const size_t first_digit = text.find_first_of("123456789");
  if (first_digit >= exponent_at) return negative ? -0.0 : 0.0;
  // The first digit's place, so many digits before the point or, below zero, behind it.
  const auto point = static_cast<int64_t>(std::min(text.find('.'), exponent_at));
  int64_t magnitude = point - static_cast<int64_t>(first_digit);
  if (exponent_at < text.size()) {
    std::string_view digits = text.substr(exponent_at + 1);
    const bool below = digits.starts_with('-');
    if (below || digits.starts_with('+')) digits.remove_prefix(1);
    // Longer than any text can make up for; the sum must not overflow.
    int64_t exponent = std::numeric_limits<int64_t>::max() / 4;
    if (const size_t first = digits.find_first_not_of('0'); first == std::string_view::npos) {
      exponent = 0;
    } else if (digits.size() - first < 18) {
      std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    }
    magnitude += below ? -exponent : exponent;
  }
  const double size = magnitude > 0 ? std::numeric_limits<double>::infinity() : 0.0;
  return negative ? -size : size;
}

}  // namespace

double parse_json_float(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  double value = 0;
  const std::errc error = std::from_chars(text.data(), text.data() + text.size(), value).ec;
  return error == std::errc::result_out_of_range ? beyond_range(text) : value;
}

bool is_python_float(std::string_view text) {
  if (is_short_decimal(text)) return true;
  if (text.size() > kMaxFloatSize) return false;
  const double value = parse_json_float(text);
  if (!std::isfinite(value)) return false;
  char printed[kMaxFloatSize];
  const char* const end = print_python_float(value, printed);
  return text == std::string_view(printed, static_cast<size_t>(end - printed));
}

void append_json_double(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
  } else {
    char printed[kMaxFloatSize];
    out.append(printed, print_python_float(value, printed));
  }
}

bool parse_number_array(std::string_view array, std::vector<double>& numbers) {
  numbers.clear();
  const char* at = array.data() + 1;
  const char* const end = array.data() + array.size() - 1;
  while (true) {
    while (at < end && (*at == ' ' || *at == ',' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
    if (at == end) return true;
    const char* const begin = at;
    while (at < end && *at != ',' && *at != ' ' && *at != '\n' && *at != '\r' && *at != '\t') ++at;
    const bool word = *begin != 'N' && *begin != 'I' && *begin != '-' && (*begin < '0' || *begin > '9');
    if (word) return false;
    numbers.push_back(parse_json_float({begin, static_cast<size_t>(at - begin)}));
  }
}

}  // namespace quipu
