// quipu migrate: from one address to another, whatever is at them.

#include <memory>
#include <string>
#include <vector>

#include "quipu/open_store.h"
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

// Of each of the two databases that may be open; together they take a quarter of the default.
constexpr uint64_t kMemoryBudget = 32 << 20;

struct MigrateArgs {
  CommonOptions common;
  std::string source;
  std::string target;
  std::string to;
  std::string encoding;
  bool dry_run = false;
};

std::string report_text(const MigrateArgs& args, const MigrateReport& report) {
  if (!args.common.json) {
    Table table({"FILE", "COLLECTION", "ENTRIES", "SHA-256"}, {2});
    for (const MigratedCollection& each : report.collections) {
      table.add({printable(each.persist_file), printable(each.name), std::to_string(each.count),
                 each.sha256.substr(0, 16)});
    }
    return table.text();
  }
  std::vector<std::string> collections;
  for (const MigratedCollection& each : report.collections) {
    collections.push_back(JsonText()
                              .add("file", each.persist_file)
                              .add("collection", each.name)
                              .add("entries", each.count)
                              .add("sha256", each.sha256)
                              .object());
  }
  JsonText text;
  text.add("source", shown_address(args.source))
      .add("target", shown_address(args.target))
      .add("dry_run", args.dry_run);
  text.add("was_there", report.was_there).add("resumed", report.resumed).add("bytes", report.bytes);
  text.add_raw("collections", JsonText::array(collections));
  text.add_raw("notes", JsonText::array_of_strings(report.imported.notes));
  text.add_raw("warnings", warnings_json(report.imported.warnings));
  text.add_raw("left_out", JsonText::array_of_strings(report.left_out));
  return text.object() + "\n";
}

void tell(const MigrateArgs& args, const MigrateReport& report, double seconds) {
  tell_import(report.imported);
  tell_left_out(report.left_out);
  if (report.was_there) {
    message("the target holds all of it already");
    return;
  }
  if (report.resumed != 0) {
    message("continued an interrupted migration: " + std::to_string(report.resumed) + " were there whole");
  }
  message(summary_of(args.dry_run ? "checked" : "migrated", report, seconds));
}

Result<int> migrate_with(const MigrateArgs& args) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const FileSystem> source, file_system_of(args.source));
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const FileSystem> target, file_system_of(args.target));
  if (!place_of_files(args.source, *source)) QUIPU_RETURN_IF_ERROR(check_database(args.source));
  ProgressBar bar(args.common.quiet);
  MigrateOptions options;
  QUIPU_ASSIGN_OR_RETURN(options.to, parse_migrate_to(args.to));
  options.dry_run = args.dry_run;
  options.encoding = args.encoding;
  options.database = database_options(args.common);
  options.database.memory_budget_bytes = kMemoryBudget;
  options.progress = bar.callback();
  options.source_files = source.get();
  options.target_files = target.get();
  QUIPU_ASSIGN_OR_RETURN(const MigrateReport report, migrate(args.source, args.target, options));
  bar.erase();
  if (!args.common.quiet) tell(args, report, bar.seconds());
  QUIPU_RETURN_IF_ERROR(print(report_text(args, report)));
  return kExitOk;
}

int run_migrate(const MigrateArgs& args) {
  catch_signals();
  const Result<int> done = migrate_with(args);
  return done ? *done : report_error(done.error());
}

}  // namespace

void add_migrate_command(Commands& commands) {
  const auto args = std::make_shared<MigrateArgs>();
  Command command = commands.add("migrate", "Move everything from one store to another",
                                 "quipu migrate ./storage s3://bucket/storage", args, run_migrate);
  command.location("SRC", args->source,
                   "A persist directory, also s3://BUCKET/KEY, a database, or a store on a server");
  command.location("DST", args->target,
                   "Another; made when it does not exist: a database where its name ends in .quipu");
  command.option("--to", args->to, "KIND", "What DST is made as: persist or database");
  command.flag("--dry-run", args->dry_run, "Read and check everything, write nothing");
  command.encoding(args->encoding);
}

}  // namespace quipu::cli
