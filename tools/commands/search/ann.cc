// quipu ann: how a vector store is searched: exactly, or by partitions of its vectors.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "quipu/open_store.h"
#include "quipu/vector_store.h"
#include "tools/commands/command.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"

namespace quipu::cli {
namespace {

struct AnnArgs {
  CommonOptions common;
  std::string database;
  std::string store = std::string(DEFAULT_VECTOR_STORE);
  double recall = 0.95;
  bool drop = false;
};

int run_ann(const AnnArgs& args) {
  catch_signals();
  return with_store(args.database, args.common, OpenMode::kExisting, [&](BaseKVStore& store) -> Result<int> {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> collections, store.collections());
    const std::string embeddings = "vector_store/" + args.store + "/embeddings";
    if (std::ranges::find(collections, embeddings, &CollectionInfo::name) == collections.end()) {
      return Status::not_found(shown_address(args.database) + ": there is no vector store " + args.store);
    }
    KVVectorStore vectors(std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), &store), args.store);
    ProgressBar bar(args.common.quiet);
    QUIPU_RETURN_IF_ERROR(args.drop ? vectors.drop_ann() : vectors.use_ann(args.recall, bar.callback()));
    bar.erase();
    if (!args.common.quiet) {
      message("vector store " + args.store +
              (args.drop ? ": queries are exact" : ": queries are approximate"));
    }
    return kExitOk;
  });
}

}  // namespace

void add_ann_command(Commands& commands) {
  const auto args = std::make_shared<AnnArgs>();
  Command command =
      commands.add("ann", "Keep a vector store's vectors in partitions: queries are fast and approximate",
                   "quipu ann ./storage.quipu --recall 0.99", args, run_ann);
  command.location("DB", args->database, "The database");
  command.option("--store", args->store, "NAME", "The vector store's namespace; default: default");
  command.option("--recall", args->recall, "SHARE",
                 "What share of the nearest a query finds, above 0 and below 1; default: 0.95");
  command.flag("--drop", args->drop, "Queries are exact again");
  command.search_memory(args->common);
}

}  // namespace quipu::cli
