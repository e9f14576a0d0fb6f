// Reading canonical text. Nothing here trusts it: on other text the answers are nonsense, but every walk
// moves forward and stays inside.

#include <charconv>
#include <cstring>
#include <system_error>

#include "engine/json/byte_scan.h"
#include "engine/json/number.h"
#include "quipu/json.h"

namespace quipu {
namespace {

// Past the string whose opening quote is at `at`.
const char* skip_string(const char* at, const char* end) {
  ++at;
  while (true) {
    at = find_quote_or_backslash(at, end);
    if (at == end) return end;
    if (*at == '"') return at + 1;
    if (end - at < 2) return end;
    at += 2;
  }
}

// Past the array or object whose opening bracket is at `at`.
const char* skip_container(const char* at, const char* end) {
  size_t depth = 0;
  while (true) {
    at = find_bracket_or_quote(at, end);
    if (at == end) return end;
    if (*at == '"') {
      at = skip_string(at, end);
      continue;
    }
    const bool opens = (*at | 0x20) == '{';
    ++at;
    if (opens) {
      ++depth;
    } else if (--depth == 0) {
      return at;
    }
  }
}

const char* skip_value(const char* at, const char* end) {
  if (at == end) return end;
  if (*at == '"') return skip_string(at, end);
  if (*at == '{' || *at == '[') return skip_container(at, end);
  while (at != end && *at != ',' && *at != '}' && *at != ']') ++at;
  return at;
}

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

// What is inside the brackets. The data pointer of an empty one is null: the end of an iteration.
std::string_view inside_brackets(std::string_view text) {
  return text.size() < 3 ? std::string_view() : text.substr(1, text.size() - 2);
}

// What follows the ", " behind a value that ended where `rest` begins.
std::string_view behind_separator(std::string_view rest) {
  return rest.size() < 3 ? std::string_view() : rest.substr(2);
}

}  // namespace

JsonKind JsonView::kind() const {
  if (text_.empty()) return JsonKind::kNull;
  switch (text_.front()) {
    case '{': return JsonKind::kObject;
    case '[': return JsonKind::kArray;
    case '"': return JsonKind::kString;
    case 't':
    case 'f': return JsonKind::kBool;
    case 'n': return JsonKind::kNull;
    case 'N':
    case 'I': return JsonKind::kFloat;
    default: return text_.find_first_of(".eI") == std::string_view::npos ? JsonKind::kInt : JsonKind::kFloat;
  }
}

JsonMembers JsonView::members() const { return JsonMembers(text_); }
JsonElements JsonView::elements() const { return JsonElements(text_); }

std::optional<JsonView> JsonView::find(std::string_view key) const {
  if (!is_object()) return std::nullopt;
  for (const JsonMember& member : members()) {
    if (member.key_is(key)) return member.value;
  }
  return std::nullopt;
}

std::string JsonView::string() const {
  std::string decoded;
  decoded.reserve(text_.size());
  append_decoded_string(text_, decoded);
  return decoded;
}

bool JsonView::truthy() const {
  switch (kind()) {
    case JsonKind::kNull: return false;
    case JsonKind::kBool: return boolean();
    case JsonKind::kInt: return text_ != "0";
    case JsonKind::kFloat: return text_ != "0.0" && text_ != "-0.0";
    default: return text_.size() > 2;
  }
}

std::optional<int64_t> JsonView::int64() const {
  if (kind() != JsonKind::kInt) return std::nullopt;
  const char* const end = text_.data() + text_.size();
  int64_t value = 0;
  const std::from_chars_result read = std::from_chars(text_.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

std::optional<double> JsonView::number() const {
  const JsonKind what = kind();
  if (what != JsonKind::kInt && what != JsonKind::kFloat) return std::nullopt;
  return parse_json_float(text_);
}

bool JsonMember::key_is(std::string_view wanted) const {
  if (raw_key.size() < 2) return false;
  const std::string_view inside = raw_key.substr(1, raw_key.size() - 2);
  if (inside == wanted) return std::memchr(inside.data(), '\\', inside.size()) == nullptr;
  // An escape is longer than what it stands for, so a key with one is longer than the wanted bytes.
  if (inside.size() <= wanted.size() || std::memchr(inside.data(), '\\', inside.size()) == nullptr) {
    return false;
  }
  return key() == wanted;
}

std::string JsonMember::key() const {
  std::string decoded;
  append_decoded_string(raw_key, decoded);
  return decoded;
}

JsonMembers::iterator::iterator(std::string_view rest) : rest_(inside_brackets(rest)) { read(); }

// rest_ begins at a key; afterwards behind its value.
void JsonMembers::iterator::read() {
  if (rest_.data() == nullptr) return;
  const char* const begin = rest_.data();
  const char* const end = begin + rest_.size();
  const char* const key_end = skip_string(begin, end);
  if (end - key_end < 3) {  // no room for a colon and a value
    rest_ = {};
    return;
  }
  const char* const value = key_end + 2;
  const char* const value_end = skip_value(value, end);
  member_ = {between(begin, key_end), JsonView::from_canonical(between(value, value_end))};
  rest_ = between(value_end, end);
}

JsonMembers::iterator& JsonMembers::iterator::operator++() {
  rest_ = behind_separator(rest_);
  read();
  return *this;
}

JsonElements::iterator::iterator(std::string_view rest) : rest_(inside_brackets(rest)) { read(); }

// rest_ begins at an element; afterwards behind it.
void JsonElements::iterator::read() {
  if (rest_.data() == nullptr) return;
  const char* const begin = rest_.data();
  const char* const end = begin + rest_.size();
  const char* const value_end = skip_value(begin, end);
  element_ = JsonView::from_canonical(between(begin, value_end));
  rest_ = between(value_end, end);
}

JsonElements::iterator& JsonElements::iterator::operator++() {
  rest_ = behind_separator(rest_);
  read();
  return *this;
}

}  // namespace quipu
