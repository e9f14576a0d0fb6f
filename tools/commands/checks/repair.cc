// quipu repair: mends what verify finds.

#include "quipu/verify.h"

#include <memory>
#include <string>

#include "quipu/json.h"
#include "quipu/open_store.h"
#include "tools/commands/command.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/listing.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

struct RepairArgs {
  CommonOptions common;
  std::string database;
  bool dry_run = false;
  bool yes = false;
};

void tell_result(const RepairArgs& args, const RepairReport& report) {
  if (report.steps == 0) return message("no faults");
  message(std::to_string(report.steps) + (report.steps == 1 ? " step" : " steps") +
          (args.dry_run ? " would be done" : " done"));
  if (!report.quarantine.empty()) {
    message(std::to_string(report.quarantined) + (report.quarantined == 1 ? " entry" : " entries") +
            " set aside in " + report.quarantine);
  }
}

int run_repair(const RepairArgs& args) {
  if (args.dry_run == args.yes) {
    message("--dry-run shows what would be done, --yes does it: one of them is required");
    message("try quipu repair --help");
    return kExitUsage;
  }
  const Result<std::string> database = require_directory(args.database, "repair");
  if (!database) return report_error(database.error());
  Listing steps(args.common.json, "steps");
  RepairOptions options;
  options.dry_run = args.dry_run;
  options.accept_lost_writes = args.common.accept_lost_writes;
  options.report = [&](const RepairAction& action) {
    const Fault& fault = action.fault;
    JsonText row;
    row.add("collection", fault.collection).add_key(fault.key);
    row.add("message", fault.message).add("step", action.action);
    steps.add(row, {printable(fault.collection), printable(fault.key), without_controls(fault.message),
                    without_controls(action.action)});
  };
  ProgressBar bar(args.common.quiet);
  if (args.dry_run) {  // else what has been done stays, whatever ends it
    catch_signals();
    options.progress = bar.callback();
  }
  const Result<RepairReport> report = repair_database(*database, options);
  bar.erase();
  const Status listed = steps.finish({{"dry_run", args.dry_run ? "true" : "false"},
                                      {"set_aside", std::to_string(report ? report->quarantined : 0)},
                                      {"aside", Json::from_string(report ? report->quarantine : "").text()}});
  if (!report) return report_error(report.error());
  if (!listed.is_ok()) return report_error(listed);
  if (!args.common.quiet) tell_result(args, *report);
  return args.dry_run && report->steps != 0 ? kExitData : kExitOk;
}

}  // namespace

void add_repair_command(Commands& commands) {
  const auto args = std::make_shared<RepairArgs>();
  Command command = commands.add("repair", "Mend what verify finds; set aside what cannot be mended",
                                 "quipu repair ./storage.quipu --dry-run", args, run_repair);
  command.location("DB", args->database, "The database");
  command.flag("--dry-run", args->dry_run, "Show each step, change nothing");
  command.flag("--yes", args->yes, "Do it");
}

}  // namespace quipu::cli
