#include "quipu/json.h"

#include "engine/json/canonicaliser.h"
#include "engine/json/encoding.h"
#include "engine/json/scanner.h"

namespace quipu {
namespace {

Status error_at(std::string_view message, size_t offset) {
  return Status::invalid_argument(std::string(message) + " at byte " + std::to_string(offset));
}

// The part of `text` that is its value, checked; whether that is canonical.
Result<std::string_view> check(std::string_view text, bool& canonical) {
  if (const char* refused = refused_encoding(text); refused != nullptr) return error_at(refused, 0);
  const char* const end = text.data() + text.size();
  const char* const value = skip_json_white_space(text.data() + byte_order_mark_size(text), end);
  const auto offset_of = [&](const char* at) { return static_cast<size_t>(at - text.data()); };

  JsonScanner scanner;
  JsonScan scan;
  const char* const value_end = scanner.scan_value(value, end, scan);
  if (value_end == nullptr) return error_at(scan.error, offset_of(scan.error_at));
  const char* const rest = skip_json_white_space(value_end, end);
  if (rest != end) return error_at("Extra data", offset_of(rest));

  canonical = scan.canonical;
  return std::string_view(value, static_cast<size_t>(value_end - value));
}

}  // namespace

Result<Json> Json::parse(std::string_view text) {
  bool is_canonical = false;
  QUIPU_ASSIGN_OR_RETURN(const std::string_view checked, check(text, is_canonical));
  if (is_canonical) return from_canonical(std::string(checked));
  std::string canonical;
  append_canonical(checked, canonical);
  return from_canonical(std::move(canonical));
}

Result<Json> Json::parse_owned(std::string text) {
  bool is_canonical = false;
  QUIPU_ASSIGN_OR_RETURN(const std::string_view checked, check(text, is_canonical));
  if (is_canonical && checked.size() == text.size()) return from_canonical(std::move(text));
  return parse(text);
}

Json Json::from_string(std::string_view utf8) {
  std::string text;
  text.reserve(utf8.size() + 2);
  append_json_string(utf8, text);
  return from_canonical(std::move(text));
}

Json Json::from_double(double value) {
  std::string text;
  append_json_double(value, text);
  return from_canonical(std::move(text));
}

Json Json::from_int(int64_t value) { return from_canonical(std::to_string(value)); }

}  // namespace quipu
