// quipu backup: adds a backup of a database to a directory of backups.

#include "quipu/backup.h"

#include <memory>
#include <optional>
#include <string>

#include "quipu/open_store.h"
#include "tools/commands/backups/backup_output.h"
#include "tools/commands/command.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/progress.h"

namespace quipu::cli {
namespace {

struct BackupArgs {
  CommonOptions common;
  std::string database;
  std::string directory;
};

int run_backup(const BackupArgs& args) {
  const Result<std::string> database = require_directory(args.database, "backups");
  if (!database) return report_error(database.error());
  catch_signals();
  ProgressBar bar(args.common.quiet);
  const Result<BackupInfo> made = create_backup(*database, args.directory, bar.callback());
  bar.erase();
  return made ? print_backups(args.common.json, backup_json(*made), backups_table({*made}))
              : report_error(made.error());
}

}  // namespace

void add_backup_command(Commands& commands) {
  const auto args = std::make_shared<BackupArgs>();
  Command command =
      commands.add("backup", "Add a backup of a database, in use or not, to a directory of backups",
                   "quipu backup ./storage.quipu ./backups", args, run_backup, /*accepts_losses=*/false);
  command.argument("DB", args->database, "The database");
  command.directory("DIR", args->directory, "The directory of backups; made when it does not exist");
}

}  // namespace quipu::cli
