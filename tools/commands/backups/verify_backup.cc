// quipu verify-backup: reads backups and compares all checksums.

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

namespace quipu::cli {
namespace {

struct VerifyBackupArgs {
  CommonOptions common;
  std::string directory;
  std::optional<uint32_t> backup;
};

// The backups to be verified: one, or all.
Result<std::vector<uint32_t>> chosen(const VerifyBackupArgs& args) {
  if (args.backup) return std::vector<uint32_t>{*args.backup};
  QUIPU_ASSIGN_OR_RETURN(const std::vector<BackupInfo> infos, list_backups(args.directory));
  std::vector<uint32_t> ids;
  for (const BackupInfo& info : infos) ids.push_back(info.id);
  if (ids.empty()) return Status::not_found("no backup in " + args.directory);
  return ids;
}

int run_verify_backup(const VerifyBackupArgs& args) {
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

}  // namespace

void add_verify_backup_command(Commands& commands) {
  const auto args = std::make_shared<VerifyBackupArgs>();
  Command command = commands.add("verify-backup", "Read backups and compare all checksums",
                                 "quipu verify-backup ./backups --backup 3", args, run_verify_backup,
                                 /*accepts_losses=*/false);
  command.directory("DIR", args->directory, "The directory of backups");
  command.option("--backup", args->backup, "N", "Only this one; default: all");
}

}  // namespace quipu::cli
