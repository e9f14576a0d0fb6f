// quipu backup, backups, verify-backup, prune-backups, restore, checkpoint.

#include "quipu/backup.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/commands/command.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"
#include "tools/terminal/text.h"
#include "tools/terminal/time_text.h"

namespace quipu::cli {
namespace {

struct BackupArgs {
  CommonOptions common;
  std::string database;
  std::string directory;
  std::optional<uint32_t> backup;
  std::string before;
  uint64_t keep = 0;
  bool replace = false;
  bool dry_run = false;
};

std::string backup_json(const BackupInfo& info) {
  JsonText text;
  text.add("backup", uint64_t{info.id}).add("created", time_text(info.created));
  text.add("files", info.files).add("bytes", info.bytes).add("new_bytes", info.new_bytes);
  text.add("sound", info.state.is_ok());
  if (!info.state.is_ok()) text.add("message", info.state.message());
  return text.object();
}

std::string backups_table(const std::vector<BackupInfo>& infos) {
  Table table({"BACKUP", "CREATED", "FILES", "SIZE", "NEW", "STATE"}, {0, 2, 3, 4});
  for (const BackupInfo& info : infos) {
    table.add({std::to_string(info.id), time_text(info.created), std::to_string(info.files),
               human_bytes(info.bytes), human_bytes(info.new_bytes), info.state.is_ok() ? "ok" : "damaged"});
  }
  return table.text();
}

// Prints what a command has to show: JSON, or a table.
int show(const BackupArgs& args, const std::string& json, const std::string& table) {
  const Status printed = print(args.common.json ? json + "\n" : table);
  return printed.is_ok() ? kExitOk : report_error(printed);
}

int run_backup(const BackupArgs& args) {
  catch_signals();
  ProgressBar bar(args.common.quiet);
  const Result<BackupInfo> made = create_backup(args.database, args.directory, bar.callback());
  bar.erase();
  return made ? show(args, backup_json(*made), backups_table({*made})) : report_error(made.error());
}

int run_backups(const BackupArgs& args) {
  const Result<std::vector<BackupInfo>> infos = list_backups(args.directory);
  if (!infos) return report_error(infos.error());
  std::vector<std::string> rows;
  bool sound = true;
  for (const BackupInfo& info : *infos) {
    rows.push_back(backup_json(info));
    if (!info.state.is_ok()) message(info.state.message());
    sound = sound && info.state.is_ok();
  }
  const int shown = show(args, JsonText::array(rows), backups_table(*infos));
  return shown == kExitOk && !sound ? kExitData : shown;
}

// The backups to be verified: one, or all.
Result<std::vector<uint32_t>> chosen(const BackupArgs& args) {
  if (args.backup) return std::vector<uint32_t>{*args.backup};
  QUIPU_ASSIGN_OR_RETURN(const std::vector<BackupInfo> infos, list_backups(args.directory));
  std::vector<uint32_t> ids;
  for (const BackupInfo& info : infos) ids.push_back(info.id);
  if (ids.empty()) return Status::not_found("no backup in " + args.directory);
  return ids;
}

int run_verify_backup(const BackupArgs& args) {
  const Result<std::vector<uint32_t>> ids = chosen(args);
  if (!ids) return report_error(ids.error());
  catch_signals();
  ProgressBar bar(args.common.quiet);
  int code = kExitOk;
  std::vector<std::string> rows;
  for (const uint32_t id : *ids) {
    const Status verified = verify_backup(args.directory, id, bar.callback());
    bar.erase();
    if (verified == interrupted()) return report_error(verified);
    if (!verified.is_ok()) code = report_error(verified);
    JsonText row;
    row.add("backup", uint64_t{id}).add("sound", verified.is_ok());
    if (!verified.is_ok()) row.add("message", verified.message());
    rows.push_back(row.object());
  }
  if (args.common.json) {
    const Status printed = print(JsonText::array(rows) + "\n");
    if (!printed.is_ok()) return report_error(printed);
  } else if (code == kExitOk && !args.common.quiet) {
    message("no faults");
  }
  return code;
}

int run_prune(const BackupArgs& args) {
  const Result<std::vector<BackupInfo>> pruned = prune_backups(args.directory, args.keep);
  if (!pruned) return report_error(pruned.error());
  std::vector<std::string> rows;
  for (const BackupInfo& info : *pruned) rows.push_back(backup_json(info));
  if (!args.common.quiet) {
    message(std::to_string(pruned->size()) + (pruned->size() == 1 ? " backup" : " backups") + " removed");
  }
  return show(args, JsonText::array(rows), pruned->empty() ? "" : backups_table(*pruned));
}

int run_restore(const BackupArgs& args) {
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
  catch_signals();
  ProgressBar bar(args.common.quiet);
  options.progress = bar.callback();
  const Result<RestoreReport> restored = restore_backup(args.directory, args.database, options);
  bar.erase();
  if (!restored) return report_error(restored.error());
  if (!restored->kept_aside.empty()) message("files of no database were left in " + restored->kept_aside);
  JsonText text;
  text.add("database", args.database).add("directory", args.directory).add("dry_run", args.dry_run);
  text.add_raw("restored", backup_json(restored->backup)).add("kept_aside", restored->kept_aside);
  return show(args, text.object(), backups_table({restored->backup}));
}

int run_checkpoint(const BackupArgs& args) {
  const Status made = create_checkpoint(args.database, args.directory);
  if (!made.is_ok()) return report_error(made);
  if (!args.common.json) return kExitOk;
  return show(args, JsonText().add("database", args.database).add("checkpoint", args.directory).object(), "");
}

using BackupArgsPtr = std::shared_ptr<BackupArgs>;

CLI::App* add(CLI::App& app, Action& action, const std::string& name, const std::string& what,
              const std::string& example, const BackupArgsPtr& args, int (*run)(const BackupArgs&)) {
  return add_command(app, action, name, what, example, args, run, /*accepts_losses=*/false);
}

void add_database(CLI::App* command, const BackupArgsPtr& args, const std::string& what) {
  command->add_option("DB", args->database, what)->required()->type_name("");
}

void add_directory(CLI::App* command, const BackupArgsPtr& args, const std::string& what) {
  command->add_option("DIR", args->directory, what)->required()->type_name("");
}

void add_number(CLI::App* command, const BackupArgsPtr& args, const std::string& what) {
  command->add_option("--backup", args->backup, what)->type_name("N");
}

}  // namespace

void add_backup_commands(CLI::App& app, Action& action) {
  auto args = std::make_shared<BackupArgs>();
  CLI::App* command =
      add(app, action, "backup", "Add a backup of a database, in use or not, to a directory of backups",
          "quipu backup ./storage.quipu ./backups", args, run_backup);
  add_database(command, args, "The database");
  add_directory(command, args, "The directory of backups; made when it does not exist");

  args = std::make_shared<BackupArgs>();
  command = add(app, action, "backups", "List the backups in a directory", "quipu backups ./backups", args,
                run_backups);
  add_directory(command, args, "The directory of backups");

  args = std::make_shared<BackupArgs>();
  command = add(app, action, "verify-backup", "Read backups and compare all checksums",
                "quipu verify-backup ./backups --backup 3", args, run_verify_backup);
  add_directory(command, args, "The directory of backups");
  add_number(command, args, "Only this one; default: all");

  args = std::make_shared<BackupArgs>();
  command = add(app, action, "prune-backups", "Remove all but the newest backups",
                "quipu prune-backups ./backups --keep 7", args, run_prune);
  add_directory(command, args, "The directory of backups");
  command->add_option("--keep", args->keep, "How many are kept, at least 1")
      ->type_name("N")
      ->required()
      ->check(CLI::PositiveNumber);

  args = std::make_shared<BackupArgs>();
  command =
      add(app, action, "restore", "Make a database of a backup",
          "quipu restore ./backups ./storage.quipu --before 2026-11-24T15:30 --replace", args, run_restore);
  add_directory(command, args, "The directory of backups");
  add_database(command, args, "The database to make");
  add_number(command, args, "The backup's number; default: the newest");
  command->add_option("--before", args->before, "The newest backup made before that, in UTC")
      ->type_name("TIME")
      ->excludes("--backup");
  command->add_flag("--replace", args->replace, "Replace the database that is there; other files stay");
  command->add_flag("--dry-run", args->dry_run, "Verify the backup and the place, write nothing");

  args = std::make_shared<BackupArgs>();
  command = add(app, action, "checkpoint", "Make a copy of a database, in use or not, by hard links",
                "quipu checkpoint ./storage.quipu ./storage-now.quipu", args, run_checkpoint);
  add_database(command, args, "The database");
  add_directory(command, args, "The copy; must not exist, or be empty");
}

}  // namespace quipu::cli
