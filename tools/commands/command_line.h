// The command line of quipu: from its arguments to what is to be done.

#ifndef QUIPU_TOOLS_COMMANDS_COMMAND_LINE_H_
#define QUIPU_TOOLS_COMMANDS_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "tools/commands/command.h"
#include "tools/terminal/exit_code.h"

namespace quipu::cli {

// Either an action, or what to print and the exit code.
struct CommandLine {
  Action action;                      // empty when nothing is to be done but to print
  std::string text;                   // for standard output: --help, --version
  std::vector<std::string> messages;  // for standard error: what is wrong, and where to read how it is right
  int exit_code = kExitOk;
};

// `arguments` are without the command's name. Touches no file.
CommandLine read_command_line(const std::vector<std::string>& arguments);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_COMMANDS_COMMAND_LINE_H_
