// quipu backups: lists the backups in a directory.

#include "quipu/backup.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/commands/backups/backup_output.h"
#include "tools/commands/command.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"

namespace quipu::cli {
namespace {

struct BackupsArgs {
  CommonOptions common;
  std::string directory;
};

int run_backups(const BackupsArgs& args) {
  const Result<std::vector<BackupInfo>> infos = list_backups(args.directory);
  if (!infos) return report_error(infos.error());
  std::vector<std::string> rows;
  bool sound = true;
  for (const BackupInfo& info : *infos) {
    rows.push_back(backup_json(info));
    if (!info.state.is_ok()) message(info.state.message());
    sound = sound && info.state.is_ok();
  }
  const int shown = print_backups(args.common.json, JsonText::array(rows), backups_table(*infos));
  return shown == kExitOk && !sound ? kExitData : shown;
}

}  // namespace

void add_backups_command(Commands& commands) {
  const auto args = std::make_shared<BackupsArgs>();
  Command command = commands.add("backups", "List the backups in a directory", "quipu backups ./backups",
                                 args, run_backups, /*accepts_losses=*/false);
  command.directory("DIR", args->directory, "The directory of backups");
}

}  // namespace quipu::cli
