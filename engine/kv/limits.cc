#include "quipu/backend/limits.h"

namespace quipu {

bool is_text(std::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = at + bytes.size();
  while (at != end) {
    const unsigned first = *at++;
    if (first < 0x80) {
      if (first == 0) return false;
      continue;
    }
    const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || end - at < more) return false;
    const unsigned second = *at;
    const unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return false;
    for (int i = 1; i < more; ++i) {
      if ((at[i] & 0xc0) != 0x80) return false;
    }
    at += more;
  }
  return true;
}

bool has_non_finite_number(JsonView value) {
  const std::string_view json = value.text();
  if (json.find("NaN") == std::string_view::npos && json.find("Infinity") == std::string_view::npos)
    return false;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '"') in_string = !in_string;
    if (in_string && json[i] == '\\') ++i;
    if (!in_string && (json[i] == 'N' || json[i] == 'I')) return true;
  }
  return false;
}

}  // namespace quipu
