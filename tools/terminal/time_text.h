// Times as people write them: 2026-11-24T15:30:00Z.

#ifndef QUIPU_TOOLS_TERMINAL_TIME_TEXT_H_
#define QUIPU_TOOLS_TERMINAL_TIME_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>

namespace quipu::cli {

// Seconds since 1970 as a date and time in UTC, to the second.
std::string time_text(int64_t seconds);

// The seconds of "2026-11-24", "2026-11-24T15:30", "2026-11-24T15:30:00", each in UTC and with "Z" or
// without; a blank may stand for the T. Nothing for other text, and for a day or hour that does not exist.
std::optional<int64_t> parse_time(std::string text);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_TERMINAL_TIME_TEXT_H_
