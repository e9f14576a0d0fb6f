// quipu export: a database into a persist directory.

#include <memory>
#include <string>

#include "quipu/open_store.h"
#include "quipu/persist_dir.h"
#include "tools/commands/command.h"
#include "tools/commands/persist/report.h"
#include "tools/database/location.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"

namespace quipu::cli {
namespace {

struct ExportArgs {
  CommonOptions common;
  std::string database;
  std::string directory;
  bool force = false;
  bool dry_run = false;
};

Result<ExportReport> export_from(const BaseKVStore& store, const ExportArgs& args) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const FileSystem> fs, file_system_of_files(args.directory));
  ProgressBar bar(args.common.quiet);
  ExportOptions options;
  options.fs = fs.get();
  options.force = args.force;
  options.dry_run = args.dry_run;
  options.progress = bar.callback();
  QUIPU_ASSIGN_OR_RETURN(ExportReport report, export_persist_dir(store, args.directory, options));
  bar.erase();
  if (!args.common.quiet) tell_left_out(report.left_out);
  if (!args.common.quiet && !args.dry_run) message(summary("exported", report.files, bar.seconds()));
  return report;
}

std::string report_text(const ExportArgs& args, const ExportReport& report) {
  if (!args.common.json) return files_table(report.files);
  JsonText text;
  text.add("database", shown_address(args.database))
      .add("directory", args.directory)
      .add("dry_run", args.dry_run);
  text.add_raw("files", files_json(report.files));
  text.add_raw("left_out", JsonText::array_of_strings(report.left_out));
  return text.object() + "\n";
}

int run_export(const ExportArgs& args) {
  catch_signals();
  return with_store(args.database, args.common, OpenMode::kReading, [&](BaseKVStore& store) -> Result<int> {
    QUIPU_ASSIGN_OR_RETURN(const ExportReport report, export_from(store, args));
    QUIPU_RETURN_IF_ERROR(print(report_text(args, report)));
    return kExitOk;
  });
}

}  // namespace

void add_export_command(Commands& commands) {
  const auto args = std::make_shared<ExportArgs>();
  Command command = commands.add("export", "Export a database as a persist directory",
                                 "quipu export ./storage.quipu ./storage-copy", args, run_export);
  command.location("DB", args->database, "The database");
  command.location("DIR", args->directory,
                   "The directory to write, made when it does not exist; also s3://BUCKET/KEY");
  command.flag("--force", args->force, "Write into a directory that is not empty");
  command.flag("--dry-run", args->dry_run, "Show what would be written, write nothing");
}

}  // namespace quipu::cli
