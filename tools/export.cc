// quipu export: a database into a persist directory.

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/persist_dir.h"
#include "tools/cancel.h"
#include "tools/commands.h"
#include "tools/exit_code.h"
#include "tools/output.h"
#include "tools/place.h"
#include "tools/progress.h"
#include "tools/report.h"

namespace quipu::cli {
namespace {

struct ExportArgs {
  CommonOptions common;
  std::string database;
  std::string directory;
  bool force = false;
  bool dry_run = false;
};

// What an export would write, by the rules of export_persist_dir; sizes are not known before.
Result<ExportReport> plan(const RocksDBKVStore& store, const ExportArgs& args) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const FileSystem> fs, file_system_of(args.directory));
  const Result<std::vector<std::string>> there = fs->list(args.directory);  // an error: it is yet to be made
  if (there && !there->empty() && !args.force) {
    return Status::already_exists("the directory " + args.directory + " is not empty");
  }
  ExportReport report;
  const auto file_of = [&](std::string_view name) -> FileReport& {
    const auto found = std::ranges::find(report.files, name, &FileReport::name);
    if (found != report.files.end()) return *found;
    return report.files.emplace_back(FileReport{std::string(name), 0, {}});
  };
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> names, store.persist_files());
  for (const std::string& name : names) file_of(name);
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, store.collections());
  for (const CollectionInfo& info : infos) {
    const std::string_view name = info.persist_file.empty() ? KVSTORE_PERSIST_FNAME : info.persist_file;
    file_of(name).collections.push_back({info.name, info.count});
  }
  const auto has = [&](std::string_view name) {
    return std::ranges::count(report.files, name, &FileReport::name) != 0;
  };
  if (has(DOCSTORE_PERSIST_FNAME)) file_of(INDEX_STORE_PERSIST_FNAME);
  if (has(INDEX_STORE_PERSIST_FNAME)) file_of(DOCSTORE_PERSIST_FNAME);
  return report;
}

Result<ExportReport> export_from(const RocksDBKVStore& store, const ExportArgs& args) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const FileSystem> fs, file_system_of(args.directory));
  ProgressBar bar(args.common.quiet);
  ExportOptions options;
  options.fs = fs.get();
  options.force = args.force;
  options.progress = bar.callback();
  QUIPU_ASSIGN_OR_RETURN(ExportReport report, export_persist_dir(store, args.directory, options));
  bar.erase();
  if (!args.common.quiet) message(summary("exported", report.files, bar.seconds()));
  return report;
}

std::string report_text(const ExportArgs& args, const ExportReport& report) {
  if (!args.common.json) return files_table(report.files);
  JsonText text;
  text.add("database", args.database).add("directory", args.directory).add("dry_run", args.dry_run);
  text.add_raw("files", files_json(report.files));
  return text.object() + "\n";
}

int run_export(const ExportArgs& args) {
  catch_signals();
  return with_store(args.database, args.common, OpenMode::kReading,
                    [&](RocksDBKVStore& store) -> Result<int> {
                      QUIPU_ASSIGN_OR_RETURN(const ExportReport report,
                                             args.dry_run ? plan(store, args) : export_from(store, args));
                      QUIPU_RETURN_IF_ERROR(print(report_text(args, report)));
                      return kExitOk;
                    });
}

}  // namespace

void add_export_command(CLI::App& app, Action& action) {
  const auto args = std::make_shared<ExportArgs>();
  CLI::App* command = add_command(app, action, "export", "Export a database as a persist directory",
                                  "quipu export ./storage.quipu ./storage-copy", args, run_export);
  command->add_option("DB", args->database, "The database")->required()->type_name("");
  command
      ->add_option("DIR", args->directory,
                   "The directory to write, made when it does not exist; also s3://BUCKET/KEY")
      ->required()
      ->type_name("");
  command->add_flag("--force", args->force, "Write into a directory that is not empty");
  command->add_flag("--dry-run", args->dry_run, "Show what would be written, write nothing");
}

}  // namespace quipu::cli
