// quipu ann: how a vector store is searched: exactly, or by partitions of its vectors.

#include <memory>

#include "tools/commands/search/search_kind.h"

namespace quipu::cli {
namespace {

struct AnnArgs : SearchKindArgs {
  double recall = 0.95;
};

int run_ann(const AnnArgs& args) {
  return change_search(args, [&](KVVectorStore& vectors, const ProgressCallback& progress) {
    return args.drop ? vectors.drop_ann() : vectors.use_ann(args.recall, progress);
  });
}

}  // namespace

void add_ann_command(Commands& commands) {
  const auto args = std::make_shared<AnnArgs>();
  Command command =
      commands.add("ann", "Keep a vector store's vectors in partitions: queries are fast and approximate",
                   "quipu ann ./storage.quipu --recall 0.99", args, run_ann);
  add_search_kind_options(*args, command);
  command.option("--recall", args->recall, "SHARE",
                 "What share of the nearest a query finds, above 0 and below 1; default: 0.95");
  command.flag("--drop", args->drop, "Queries are exact again");
  command.search_memory(args->common);
}

}  // namespace quipu::cli
