// The subcommands, one group a file. Each function adds its group to the command line; the chosen command
// leaves what it does in `action`, which main() runs once the whole line has been understood.

#ifndef QUIPU_TOOLS_COMMANDS_COMMAND_H_
#define QUIPU_TOOLS_COMMANDS_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "tools/database/database.h"

namespace quipu::cli {

using Action = std::function<int()>;

void add_import_command(CLI::App& app, Action& action);
void add_export_command(CLI::App& app, Action& action);
// stat, collections, verify, compact
void add_inspect_commands(CLI::App& app, Action& action);
void add_verify_command(CLI::App& app, Action& action);
void add_repair_command(CLI::App& app, Action& action);
void add_diff_command(CLI::App& app, Action& action);
// get, put, delete
void add_entry_commands(CLI::App& app, Action& action);
void add_scan_command(CLI::App& app, Action& action);
// backup, backups, verify-backup, prune-backups, restore, checkpoint
void add_backup_commands(CLI::App& app, Action& action);
// query, hnsw, graph
void add_search_commands(CLI::App& app, Action& action);

// A subcommand that fills `args` (whose member `common` takes the options that all have) and runs `run`.
// `accepts_losses`: whether it may open a database that has lost writes.
template <class Args>
CLI::App* add_command(CLI::App& app, Action& action, const std::string& name, const std::string& what,
                      const std::string& example, std::shared_ptr<Args> args, int (*run)(const Args&),
                      bool accepts_losses = true) {
  CLI::App* command = app.add_subcommand(name, what)->group("Commands");
  command->footer("Example:\n  " + example);
  command->add_flag("--json", args->common.json, "Print JSON instead of text");
  command->add_flag("-q,--quiet", args->common.quiet, "No progress and no messages but errors");
  if (accepts_losses) {
    command->add_flag("--accept-lost-writes", args->common.accept_lost_writes,
                      "Open although writes that were acknowledged are missing");
  }
  command->callback([&action, args, run] { action = [args, run] { return run(*args); }; });
  return command;
}

// An argument that names a directory.
CLI::Option* add_place(CLI::App* command, const std::string& name, std::string& place,
                       const std::string& what);

// The option for persist files that are not UTF-8.
void add_encoding(CLI::App* command, std::string& encoding);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_COMMANDS_COMMAND_H_
