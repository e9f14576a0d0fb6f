// quipu stat --watch: what the process that writes to a database does, line by line.

#ifndef QUIPU_TOOLS_COMMANDS_DATABASE_STAT_WATCH_H_
#define QUIPU_TOOLS_COMMANDS_DATABASE_STAT_WATCH_H_

#include <cstdint>
#include <string>

#include "quipu/status.h"

namespace quipu::cli {

// Prints a line every so many seconds, with `json` an object of all that is counted, until the writer closes
// the database or a signal comes. Error: kNotFound when nobody has it open for writing.
Result<int> watch_writer(const std::string& database, double seconds, bool json);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_COMMANDS_DATABASE_STAT_WATCH_H_
