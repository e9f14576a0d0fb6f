// quipu: the command. Does what the command line says and turns what happened into an exit code.

#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "tools/commands/command_line.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"

namespace quipu::cli {
namespace {

int run(const std::vector<std::string>& arguments) {
  const CommandLine line = read_command_line(arguments);
  if (line.action) return line.action();
  for (const std::string& text : line.messages) message(text);
  return print(line.text).is_ok() ? line.exit_code : kExitIo;
}

}  // namespace
}  // namespace quipu::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is seen as a failed write
  try {
    return quipu::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::bad_alloc&) {
    quipu::cli::message("out of memory");
  } catch (const std::exception& error) {
    quipu::cli::message(error.what());
  }
  return quipu::cli::kExitIo;
}
