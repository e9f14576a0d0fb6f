// quipu import: a persist directory into a database.

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "quipu/memory_kv_store.h"
#include "quipu/open_store.h"
#include "quipu/persist_dir.h"
#include "tools/commands/command.h"
#include "tools/commands/persist/report.h"
#include "tools/database/location.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

struct ImportArgs {
  CommonOptions common;
  std::string directory;
  std::string database;
  std::vector<std::string> files;
  std::string encoding;
  bool merge = false;
  bool dry_run = false;
  bool strict = false;
};

// The store's own counts against what was read.
Status check_store(const BaseKVStore& store, const ImportReport& report, bool merged) {
  for (const FileReport& file : report.files) {
    for (const CollectionReport& collection : file.collections) {
      QUIPU_ASSIGN_OR_RETURN(const uint64_t count, store.count(collection.name));
      if (merged ? count >= collection.count : count == collection.count) continue;
      return Status::corruption("after the import, collection " + printable(collection.name) + " holds " +
                                std::to_string(count) + " entries, but " + file.name + " has " +
                                std::to_string(collection.count));
    }
  }
  return Status::ok();
}

Result<int> import_into(BaseKVStore& store, const ImportArgs& args, ImportReport& report) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const FileSystem> fs, file_system_of_files(args.directory));
  ProgressBar bar(args.common.quiet);
  ImportOptions options;
  options.fs = fs.get();
  options.files = args.files;
  options.encoding = args.encoding;
  options.merge = args.merge;
  options.dry_run = args.dry_run;
  options.strict = args.strict;
  options.progress = bar.callback();
  QUIPU_ASSIGN_OR_RETURN(report, import_persist_dir(args.directory, store, options));
  bar.erase();
  if (!args.common.quiet) {
    tell_import(report);
    message(summary(args.dry_run ? "checked" : "imported", report.files, bar.seconds()));
  }
  return kExitOk;
}

std::string report_text(const ImportArgs& args, const ImportReport& report) {
  if (!args.common.json) return files_table(report.files);
  JsonText text;
  text.add("directory", args.directory)
      .add("database", shown_address(args.database))
      .add("dry_run", args.dry_run);
  text.add_raw("files", files_json(report.files));
  std::vector<std::string> not_imported;
  for (const NotImportedFile& file : report.not_imported) {
    not_imported.push_back(JsonText().add("file", file.name).add("reason", file.reason).object());
  }
  text.add_raw("not_imported", JsonText::array(not_imported));
  text.add_raw("notes", JsonText::array_of_strings(report.notes));
  text.add_raw("warnings", warnings_json(report.warnings));
  return text.object() + "\n";
}

int run_import(const ImportArgs& args) {
  catch_signals();
  ImportReport report;
  int code = kExitOk;
  if (args.dry_run && is_new_database(args.database)) {
    MemoryKVStore nothing;  // what a database that is yet to be made holds
    const Result<int> done = import_into(nothing, args, report);
    code = done ? *done : report_error(done.error());
  } else {
    const OpenMode mode = args.dry_run ? OpenMode::kExisting : OpenMode::kCreate;
    code = with_store(args.database, args.common, mode, [&](BaseKVStore& store) -> Result<int> {
      QUIPU_ASSIGN_OR_RETURN(const int done, import_into(store, args, report));
      if (!args.dry_run) QUIPU_RETURN_IF_ERROR(check_store(store, report, args.merge));
      return done;
    });
  }
  if (code != kExitOk) return code;
  const Status printed = print(report_text(args, report));
  return printed.is_ok() ? kExitOk : report_error(printed);
}

}  // namespace

void add_import_command(Commands& commands) {
  const auto args = std::make_shared<ImportArgs>();
  Command command = commands.add("import", "Import a persist directory's JSON files",
                                 "quipu import ./storage ./storage.quipu", args, run_import);
  command.location("DIR", args->directory, "The persist directory, or one file; also s3://BUCKET/KEY");
  command.location("DB", args->database, "The database; made when it does not exist");
  command.flag("--merge", args->merge, "Allow a database that holds data; imported entries win");
  command.flag("--dry-run", args->dry_run, "Read and check everything, write nothing");
  command.flag("--strict", args->strict, "Import nothing where there would be warnings");
  command.option("--file", args->files, "NAME",
                 "A file in DIR, read whatever stands beside it; may be repeated (default: all)");
  command.encoding(args->encoding);
}

}  // namespace quipu::cli
