// quipu hnsw: how a vector store is searched: exactly, or by a graph.

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

struct HnswArgs {
  CommonOptions common;
  std::string database;
  std::string store = std::string(DEFAULT_VECTOR_STORE);
  HnswOptions options;
  bool drop = false;
};

int run_hnsw(const HnswArgs& args) {
  catch_signals();
  return with_store(args.database, args.common, OpenMode::kExisting, [&](BaseKVStore& store) -> Result<int> {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> collections, store.collections());
    const std::string embeddings = "vector_store/" + args.store + "/embeddings";
    if (std::ranges::find(collections, embeddings, &CollectionInfo::name) == collections.end()) {
      return Status::not_found(shown_address(args.database) + ": there is no vector store " + args.store);
    }
    KVVectorStore vectors(std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), &store), args.store);
    ProgressBar bar(args.common.quiet);
    QUIPU_RETURN_IF_ERROR(args.drop ? vectors.drop_hnsw() : vectors.use_hnsw(args.options, bar.callback()));
    bar.erase();
    if (!args.common.quiet) {
      message("vector store " + args.store +
              (args.drop ? ": queries are exact" : ": queries are approximate"));
    }
    return kExitOk;
  });
}

}  // namespace

void add_hnsw_command(Commands& commands) {
  const auto args = std::make_shared<HnswArgs>();
  Command command =
      commands.add("hnsw", "Make a graph with which queries of a vector store are fast and approximate",
                   "quipu hnsw ./storage.quipu --M 32 --ef 200", args, run_hnsw);
  command.location("DB", args->database, "The database");
  command.option("--store", args->store, "NAME", "The vector store's namespace; default: default");
  command.option("--M", args->options.M, "N", "Links of a vector; default: 16");
  command.option("--ef-construction", args->options.ef_construction, "N",
                 "Candidates when a vector is added; default: 200");
  command.option("--ef", args->options.ef, "N", "Candidates of a query; default: 64");
  command.flag("--drop", args->drop, "Remove the graph: queries are exact again");
  command.search_memory(args->common);
}

}  // namespace quipu::cli
