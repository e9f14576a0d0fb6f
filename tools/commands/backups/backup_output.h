// How the commands of backups show them.

#ifndef QUIPU_TOOLS_COMMANDS_BACKUPS_BACKUP_OUTPUT_H_
#define QUIPU_TOOLS_COMMANDS_BACKUPS_BACKUP_OUTPUT_H_

#include <string>
#include <vector>

#include "quipu/backup.h"

namespace quipu::cli {

// {"backup": 1, "created": "2026-11-24T15:30:00Z", "files": ..., "bytes": ..., "new_bytes": ..., "sound":
// true}
std::string backup_json(const BackupInfo& info);

// One row a backup.
std::string backups_table(const std::vector<BackupInfo>& infos);

// Prints what a command has to show, as JSON or as a table; returns its exit code.
int print_backups(bool as_json, const std::string& json, const std::string& table);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_COMMANDS_BACKUPS_BACKUP_OUTPUT_H_
