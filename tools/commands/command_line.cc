#include "tools/commands/command_line.h"

#include <CLI/CLI.hpp>
#include <sstream>

#include "quipu/version.h"
#include "tools/commands/table.h"

namespace quipu::cli {

#define QUIPU_DECLARE_COMMAND(name) void add_##name##_command(Commands& commands);
QUIPU_COMMANDS(QUIPU_DECLARE_COMMAND)
#undef QUIPU_DECLARE_COMMAND

namespace {

constexpr const char* kFooter =
    "Exit codes:\n"
    "  0    done\n"
    "  1    bad or damaged data, faults or differences found, key not found, target not empty\n"
    "  2    wrong usage\n"
    "  3    the system refused: no such file, no permission, disk full\n"
    "  4    another process has the database, or the directory of backups, in use\n"
    "  130  interrupted by Ctrl-C (128 + the signal's number)\n"
    "\n"
    "Data goes to standard output, messages and progress to standard error.\n"
    "quipu COMMAND --help explains a command; quipu(1) is the manual.\n"
    "\n"
    "Example:\n"
    "  quipu import ./storage ./storage.quipu && quipu stat ./storage.quipu";

std::vector<std::string> usage_messages(const CLI::App& app, const CLI::ParseError& error,
                                        const std::vector<std::string>& arguments) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  if (!chosen.empty()) return {error.what(), "try quipu " + chosen.front()->get_name() + " --help"};
  return {arguments.empty() ? "which command?" : "no such command or option: " + arguments.front(),
          "try quipu --help"};
}

void add_commands(Commands commands) {
#define QUIPU_ADD_COMMAND(name) add_##name##_command(commands);
  QUIPU_COMMANDS(QUIPU_ADD_COMMAND)
#undef QUIPU_ADD_COMMAND
}

}  // namespace

CommandLine read_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  CLI::App app{"Keeps LlamaIndex's storage directories in a database.", "quipu"};
  app.set_version_flag("--version", "quipu " QUIPU_VERSION);
  app.footer(kFooter);
  app.require_subcommand(1);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  add_commands(Commands(app, line.action));
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 takes them
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    line.action = nullptr;
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      std::ostringstream text;
      app.exit(error, text, text);
      line.text = text.str();
    } else {
      line.messages = usage_messages(app, error, arguments);
      line.exit_code = kExitUsage;
    }
  }
  return line;
}

}  // namespace quipu::cli
