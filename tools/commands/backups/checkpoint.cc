// quipu checkpoint: makes a copy of a database by hard links.

#include "quipu/backup.h"

#include <memory>
#include <optional>
#include <string>

#include "quipu/open_store.h"
#include "tools/commands/backups/backup_output.h"
#include "tools/commands/command.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"

namespace quipu::cli {
namespace {

struct CheckpointArgs {
  CommonOptions common;
  std::string database;
  std::string directory;
};

int run_checkpoint(const CheckpointArgs& args) {
  const Result<std::string> database = require_directory(args.database, "checkpoints");
  if (!database) return report_error(database.error());
  const Status made = create_checkpoint(*database, args.directory);
  if (!made.is_ok()) return report_error(made);
  if (!args.common.json) return kExitOk;
  return print_backups(args.common.json,
                       JsonText().add("database", args.database).add("checkpoint", args.directory).object(),
                       "");
}

}  // namespace

void add_checkpoint_command(Commands& commands) {
  const auto args = std::make_shared<CheckpointArgs>();
  Command command = commands.add("checkpoint", "Make a copy of a database, in use or not, by hard links",
                                 "quipu checkpoint ./storage.quipu ./storage-now.quipu", args, run_checkpoint,
                                 /*accepts_losses=*/false);
  command.argument("DB", args->database, "The database");
  command.directory("DIR", args->directory, "The copy; must not exist, or be empty");
}

}  // namespace quipu::cli
