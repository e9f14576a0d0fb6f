#include "tools/commands/command_line.h"

#include <CLI/CLI.hpp>
#include <sstream>

namespace quipu::cli {
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

void add_commands(CLI::App& app, Action& action) {
  add_import_command(app, action);
  add_export_command(app, action);
  add_inspect_commands(app, action);
  add_verify_command(app, action);
  add_repair_command(app, action);
  add_diff_command(app, action);
  add_entry_commands(app, action);
  add_scan_command(app, action);
  add_search_commands(app, action);
  add_backup_commands(app, action);
}

}  // namespace

CommandLine read_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  CLI::App app{"Keeps LlamaIndex's storage directories in a database.", "quipu"};
  app.set_version_flag("--version", "quipu " QUIPU_VERSION);
  app.footer(kFooter);
  app.require_subcommand(1);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  add_commands(app, line.action);
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

void add_encoding(CLI::App* command, std::string& encoding) {
  command
      ->add_option("--encoding", encoding,
                   "What files that are not UTF-8 are in, such as those of Windows: gbk, cp932, cp1252, ...")
      ->type_name("NAME");
}

CLI::Option* add_place(CLI::App* command, const std::string& name, std::string& place,
                       const std::string& what) {
  return command->add_option(name, place, what)
      ->required()
      ->type_name("")
      ->check([](const std::string& text) {
        return text.empty() ? std::string("must not be empty") : std::string();
      });
}

}  // namespace quipu::cli
