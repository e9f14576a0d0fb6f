// quipu hnsw: how a vector store is searched: exactly, or by a graph.

#include <memory>

#include "tools/commands/search/search_kind.h"

namespace quipu::cli {
namespace {

struct HnswArgs : SearchKindArgs {
  HnswOptions options;
};

int run_hnsw(const HnswArgs& args) {
  return change_search(args, [&](KVVectorStore& vectors, const ProgressCallback& progress) {
    return args.drop ? vectors.drop_hnsw() : vectors.use_hnsw(args.options, progress);
  });
}

}  // namespace

void add_hnsw_command(Commands& commands) {
  const auto args = std::make_shared<HnswArgs>();
  Command command =
      commands.add("hnsw", "Make a graph with which queries of a vector store are fast and approximate",
                   "quipu hnsw ./storage.quipu --M 32 --ef 200", args, run_hnsw);
  add_search_kind_options(*args, command);
  command.option("--M", args->options.M, "N", "Links of a vector; default: 16");
  command.option("--ef-construction", args->options.ef_construction, "N",
                 "Candidates when a vector is added; default: 200");
  command.option("--ef", args->options.ef, "N", "Candidates of a query; default: 64");
  command.flag("--drop", args->drop, "Remove the graph: queries are exact again");
  command.search_memory(args->common);
}

}  // namespace quipu::cli
