// quipu diff: what two databases or persist directories differ in.

#include "quipu/verify.h"

#include <memory>
#include <string>

#include "tools/commands/checks/contents.h"
#include "tools/commands/command.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/listing.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

struct DiffArgs {
  CommonOptions common;
  std::string a;
  std::string b;
  std::string encoding;  // of persist directories
};

Result<std::shared_ptr<BaseKVStore>> open(const std::string& location, const DiffArgs& args,
                                          ProgressBar& bar) {
  QUIPU_ASSIGN_OR_RETURN(const Contents contents,
                         find_contents(location, args.common, args.encoding, bar.callback()));
  return open_contents(location, contents.options);
}

Result<int> compare(const DiffArgs& args) {
  ProgressBar bar(args.common.quiet);
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<BaseKVStore> a, open(args.a, args, bar));
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<BaseKVStore> b, open(args.b, args, bar));
  Listing differences(args.common.json, "differences");
  const auto report = [&](const Difference& difference) {
    JsonText row;
    row.add("collection", difference.collection).add_key(difference.key).add("difference", difference.what);
    differences.add(row, {printable(difference.collection), printable(difference.key), difference.what});
  };
  const Status compared = diff_stores(*a, *b, report, bar.callback());
  bar.erase();
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
  const Result<int> done = compare(args);
  return done ? *done : report_error(done.error());
}

}  // namespace

void add_diff_command(Commands& commands) {
  const auto args = std::make_shared<DiffArgs>();
  Command command = commands.add("diff", "Show what two databases or persist directories differ in",
                                 "quipu diff ./storage ./storage.quipu", args, run_diff);
  command.location("A", args->a, "A database or a persist directory; also s3://BUCKET/KEY");
  command.location("B", args->b, "Another");
  command.encoding(args->encoding);
}

}  // namespace quipu::cli
