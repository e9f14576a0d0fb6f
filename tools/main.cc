// quipu: the command. Reads the command line and turns what happened into an exit code.

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "tools/commands.h"
#include "tools/exit_code.h"
#include "tools/output.h"

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

// Says what is wrong with the command line, and where to read how it is right.
void report_usage(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  if (!chosen.empty()) {
    message(error.what());
    message("try quipu " + chosen.front()->get_name() + " --help");
    return;
  }
  message(argc < 2 ? std::string("which command?") : "no such command or option: " + std::string(argv[1]));
  message("try quipu --help");
}

int parse_and_run(int argc, char** argv) {
  CLI::App app{"Keeps LlamaIndex's storage directories in a database.", "quipu"};
  app.set_version_flag("--version", "quipu " QUIPU_VERSION);
  app.footer(kFooter);
  app.require_subcommand(1);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  Action action;
  add_import_command(app, action);
  add_export_command(app, action);
  add_inspect_commands(app, action);
  add_repair_command(app, action);
  add_diff_command(app, action);
  add_entry_commands(app, action);
  add_scan_command(app, action);
  add_search_commands(app, action);
  add_backup_commands(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      const int code = app.exit(error);  // --help, --version
      return std::cout.flush() ? code : kExitIo;
    }
    report_usage(app, error, argc, argv);
    return kExitUsage;
  }
  return action();
}

}  // namespace

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

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is seen as a failed write
  try {
    return quipu::cli::parse_and_run(argc, argv);
  } catch (const std::bad_alloc&) {
    quipu::cli::message("out of memory");
  } catch (const std::exception& error) {
    quipu::cli::message(error.what());
  }
  return quipu::cli::kExitIo;
}
