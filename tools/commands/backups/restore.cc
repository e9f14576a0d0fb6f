// quipu restore: makes a database of a backup.

#include "quipu/backup.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "quipu/open_store.h"
#include "tools/commands/backups/backup_output.h"
#include "tools/commands/command.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"
#include "tools/terminal/time_text.h"

namespace quipu::cli {
namespace {

struct RestoreArgs {
  CommonOptions common;
  std::string database;
  std::string directory;
  std::optional<uint32_t> backup;
  std::string before;
  bool replace = false;
  bool dry_run = false;
};

int run_restore(const RestoreArgs& args) {
  RestoreOptions options;
  options.backup = args.backup;
  options.replace = args.replace;
  options.dry_run = args.dry_run;
  if (!args.before.empty()) {
    options.before = parse_time(args.before);
    if (!options.before) {
      message("no time: " + args.before + " (2026-11-24, 2026-11-24T15:30 or 2026-11-24T15:30:00, in UTC)");
      return kExitUsage;
    }
  }
  const Result<std::string> database = require_directory(args.database, "backups");
  if (!database) return report_error(database.error());
  catch_signals();
  ProgressBar bar(args.common.quiet);
  options.progress = bar.callback();
  const Result<RestoreReport> restored = restore_backup(args.directory, *database, options);
  bar.erase();
  if (!restored) return report_error(restored.error());
  if (!restored->kept_aside.empty()) message("files of no database were left in " + restored->kept_aside);
  JsonText text;
  text.add("database", args.database).add("directory", args.directory).add("dry_run", args.dry_run);
  text.add_raw("restored", backup_json(restored->backup)).add("kept_aside", restored->kept_aside);
  return print_backups(args.common.json, text.object(), backups_table({restored->backup}));
}

}  // namespace

void add_restore_command(Commands& commands) {
  const auto args = std::make_shared<RestoreArgs>();
  Command command =
      commands.add("restore", "Make a database of a backup",
                   "quipu restore ./backups ./storage.quipu --before 2026-11-24T15:30 --replace", args,
                   run_restore, /*accepts_losses=*/false);
  command.directory("DIR", args->directory, "The directory of backups");
  command.argument("DB", args->database, "The database to make");
  command.option("--backup", args->backup, "N", "The backup's number; default: the newest");
  command.option("--before", args->before, "TIME", "The newest backup made before that, in UTC",
                 {.excludes = "--backup"});
  command.flag("--replace", args->replace, "Replace the database that is there; other files stay");
  command.flag("--dry-run", args->dry_run, "Verify the backup and the place, write nothing");
}

}  // namespace quipu::cli
