// quipu diff: what two databases or persist directories differ in.

#include "quipu/diff.h"

#include <memory>
#include <string>

#include "tools/cancel.h"
#include "tools/commands.h"
#include "tools/exit_code.h"
#include "tools/listing.h"
#include "tools/output.h"
#include "tools/scratch.h"
#include "tools/text.h"

namespace quipu::cli {
namespace {

struct DiffArgs {
  CommonOptions common;
  std::string a;
  std::string b;
};

// Calls `work` with the contents of a database or persist directory.
int with_contents(const std::string& place, const CommonOptions& common, const StoreWork& work) {
  if (!is_persist_dir(place)) return with_store(place, common, OpenMode::kReading, work);
  const Result<std::unique_ptr<Scratch>> scratch = Scratch::make();
  if (!scratch) return report_error(scratch.error());
  const Status imported = (*scratch)->import(place, common.quiet);
  if (!imported.is_ok()) return report_error(imported);
  const Result<int> done = work((*scratch)->store());
  return done ? *done : report_error(done.error());
}

Result<int> compare(const RocksDBKVStore& a, const RocksDBKVStore& b, const DiffArgs& args) {
  Listing differences(args.common.json, "differences");
  const Status compared = diff_stores(a, b, [&](const Difference& difference) {
    JsonText row;
    row.add("collection", difference.collection).add_key(difference.key).add("difference", difference.what);
    differences.add(row, {printable(difference.collection), printable(difference.key), difference.what});
  });
  QUIPU_RETURN_IF_ERROR(differences.finish());
  QUIPU_RETURN_IF_ERROR(compared);
  if (!args.common.quiet) {
    message(differences.count() == 0 ? std::string("no differences")
                                     : std::to_string(differences.count()) +
                                           (differences.count() == 1 ? " difference" : " differences"));
  }
  return differences.count() == 0 ? kExitOk : kExitData;
}

int run_diff(const DiffArgs& args) {
  catch_signals();
  return with_contents(args.a, args.common, [&](RocksDBKVStore& a) -> Result<int> {
    return with_contents(args.b, args.common,
                         [&](RocksDBKVStore& b) -> Result<int> { return compare(a, b, args); });
  });
}

}  // namespace

void add_diff_command(CLI::App& app, Action& action) {
  const auto args = std::make_shared<DiffArgs>();
  CLI::App* command =
      add_command(app, action, "diff", "Show what two databases or persist directories differ in",
                  "quipu diff ./storage ./storage.quipu", args, run_diff);
  add_place(command, "A", args->a, "A database or a persist directory; also s3://BUCKET/KEY");
  add_place(command, "B", args->b, "Another");
}

}  // namespace quipu::cli
