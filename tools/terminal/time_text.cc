#include "tools/terminal/time_text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace quipu::cli {

std::string time_text(int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  std::array<char, 64> text{};
  if (::gmtime_r(&time, &parts) == nullptr) return std::to_string(seconds);
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::optional<int64_t> parse_time(std::string text) {
  if (text.ends_with('Z')) text.pop_back();
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  const std::string whole =
      text + std::string("0000-00-00T00:00:00").substr(std::min<size_t>(text.size(), 19));
  std::tm parts{};
  int end = 0;
  const bool read = std::sscanf(whole.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon,
                                &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &end) == 6;
  const bool known_length = text.size() == 10 || text.size() == 16 || text.size() == 19;
  if (!read || !known_length || end != 19) return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  const int64_t seconds = ::timegm(&parts);
  // timegm() makes the 31st of June the 1st of July.
  return time_text(seconds) == whole + "Z" ? std::optional(seconds) : std::nullopt;
}

}  // namespace quipu::cli
