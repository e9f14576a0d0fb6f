// quipu compact: rewrites the data of a database so that what was deleted takes no room.

#include <cstdint>
#include <memory>
#include <string>

#include "tools/commands/command.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

struct CompactArgs {
  CommonOptions common;
  std::string database;
};

Result<int> compact(BaseKVStore& store, const CompactArgs& args) {
  QUIPU_ASSIGN_OR_RETURN(const uint64_t before, store.disk_bytes());
  ProgressBar bar(args.common.quiet);
  QUIPU_RETURN_IF_ERROR(store.compact(bar.callback()));
  bar.erase();
  QUIPU_ASSIGN_OR_RETURN(const uint64_t after, store.disk_bytes());
  if (args.common.json) {
    QUIPU_RETURN_IF_ERROR(
        print(JsonText().add("disk_bytes_before", before).add("disk_bytes_after", after).object() + "\n"));
  } else if (!args.common.quiet) {
    message("on disk: " + human_bytes(before) + " before, " + human_bytes(after) + " now");
  }
  return kExitOk;
}

int run_compact(const CompactArgs& args) {
  catch_signals();
  return with_store(args.database, args.common, OpenMode::kExisting,
                    [&](BaseKVStore& store) { return compact(store, args); });
}

}  // namespace

void add_compact_command(Commands& commands) {
  const auto args = std::make_shared<CompactArgs>();
  Command command = commands.add("compact", "Rewrite the data compactly; may take minutes",
                                 "quipu compact ./storage.quipu", args, run_compact);
  command.location("DB", args->database, "The database");
}

}  // namespace quipu::cli
