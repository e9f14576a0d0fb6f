// quipu prune-backups: removes all but the newest backups.

#include "quipu/backup.h"

#include <cstdint>
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

struct PruneBackupsArgs {
  CommonOptions common;
  std::string directory;
  uint64_t keep = 0;
};

int run_prune_backups(const PruneBackupsArgs& args) {
  const Result<std::vector<BackupInfo>> pruned = prune_backups(args.directory, args.keep);
  if (!pruned) return report_error(pruned.error());
  std::vector<std::string> rows;
  for (const BackupInfo& info : *pruned) rows.push_back(backup_json(info));
  if (!args.common.quiet) {
    message(std::to_string(pruned->size()) + (pruned->size() == 1 ? " backup" : " backups") + " removed");
  }
  return print_backups(args.common.json, JsonText::array(rows),
                       pruned->empty() ? "" : backups_table(*pruned));
}

}  // namespace

void add_prune_backups_command(Commands& commands) {
  const auto args = std::make_shared<PruneBackupsArgs>();
  Command command = commands.add("prune-backups", "Remove all but the newest backups",
                                 "quipu prune-backups ./backups --keep 7", args, run_prune_backups,
                                 /*accepts_losses=*/false);
  command.directory("DIR", args->directory, "The directory of backups");
  command.option("--keep", args->keep, "N", "How many are kept, at least 1",
                 {.required = true, .positive = true});
}

}  // namespace quipu::cli
