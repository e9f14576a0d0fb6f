// The arguments of the quipu command, one a line: an action, or a text and the exit code that belongs to it;
// never an exception, and no file is touched. Then what the command makes of texts in them: times,
// hexadecimal, escapes.

#include "tools/commands/command_line.h"

#include "quipu/json.h"
#include "tests/fuzz/fuzz.h"
#include "tools/terminal/text.h"
#include "tools/terminal/time_text.h"

namespace quipu::testing {
namespace {

void read_text(std::string_view argument) {
  const std::string shown = cli::printable(argument);
  require(cli::is_text(shown) || !cli::is_text(argument), "what is text stays text");
  require(cli::without_controls(shown) == shown, "what is shown holds no control characters");
  const std::optional<std::string> bytes = cli::from_hex(argument);
  if (bytes) require(cli::to_hex(*bytes).size() == argument.size(), "hexadecimal digits come in pairs");
  require(cli::from_hex(cli::to_hex(argument)) == argument, "bytes in hexadecimal are read back");
  const std::optional<int64_t> time = cli::parse_time(std::string(argument));
  if (time) require(cli::parse_time(cli::time_text(*time)) == time, "a time is read as it is written");
}

}  // namespace

void fuzz_one(std::string_view input) {
  std::vector<std::string> arguments;
  while (!input.empty()) {
    const auto [line, rest] = lines_of(input);
    input = rest;
    read_text(line);
    arguments.emplace_back(line);
  }
  const cli::CommandLine line = cli::read_command_line(arguments);
  if (line.action) {
    require(line.text.empty() && line.messages.empty(), "an action, and nothing to print");
    return;
  }
  require(line.text.empty() == (line.exit_code == cli::kExitUsage), "help is printed with success only");
  require(line.messages.empty() == (line.exit_code == cli::kExitOk), "wrong usage is explained");
}

}  // namespace quipu::testing
