#include "tools/commands/backups/backup_output.h"

#include <cstdint>

#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/text.h"
#include "tools/terminal/time_text.h"

namespace quipu::cli {

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

int print_backups(bool as_json, const std::string& json, const std::string& table) {
  const Status printed = print(as_json ? json + "\n" : table);
  return printed.is_ok() ? kExitOk : report_error(printed);
}

}  // namespace quipu::cli
