#include "backends/postgres/write/suspects.h"

#include "quipu/backend/limits.h"
#include "quipu/json.h"

namespace quipu::postgres {
namespace {

constexpr size_t kLongKey = 2048;  // which may be too long; one of 2704 bytes that cannot be compressed is
constexpr size_t kShown = 2048;

constexpr bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// A half of a character that is written as two escapes.
bool is_surrogate(std::string_view escape, std::string_view kinds) {
  return escape.starts_with("\\ud") && escape.size() >= 6 && kinds.find(escape[3]) != std::string_view::npos;
}

// A NUL, or a half of a character that is alone.
bool has_odd_escape(std::string_view json) {
  if (!has(json, "\\u0000") && !has(json, "\\ud")) return false;
  for (size_t i = json.find('\\'); i != std::string_view::npos; i = json.find('\\', i)) {
    const std::string_view escape = json.substr(i);
    const bool is_first = is_surrogate(escape, "89ab");
    if (escape.starts_with("\\u0000") || is_surrogate(escape, "cdef")) return true;
    if (is_first && !is_surrogate(json.substr(i + 6), "cdef")) return true;
    i += is_first ? 12 : 2;
  }
  return false;
}

}  // namespace

void Suspects::look(std::string_view collection, std::string_view key, std::string_view value) {
  const auto note = [&](std::string& place) {
    if (!place.empty()) return;
    place = "key " + Json::from_string(key.substr(0, kShown)).text() + " of collection " +
            Json::from_string(collection).text() + ": ";
  };
  if (key.size() >= kLongKey) note(long_key_);
  if (has_non_finite_number(JsonView::from_canonical(value))) note(number_);
  if (has_odd_escape(value)) note(escape_);
}

Status Suspects::named(const Status& refused) const {
  if (refused.code() != StatusCode::kInvalidArgument) return refused;
  const std::string& server = refused.message();
  if (!number_.empty()) {
    return Status::invalid_argument(number_ + "PostgreSQL's json has no NaN and no infinity: " + server);
  }
  if (!long_key_.empty()) {
    return Status::invalid_argument(long_key_ + "the key does not fit an index of PostgreSQL: " + server);
  }
  if (!escape_.empty()) {
    return Status::invalid_argument(escape_ +
                                    "PostgreSQL's jsonb has no NUL and no half of a character: " + server);
  }
  return refused;
}

}  // namespace quipu::postgres
