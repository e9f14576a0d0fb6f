// quipu query, graph: searches. quipu hnsw: how a vector store is searched.

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "quipu/graph_store.h"
#include "quipu/vector_store.h"
#include "tools/commands/command.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

// The JSON text of a file, or of standard input for "-".
Result<Json> json_of_file(const std::string& path) {
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream in(path, std::ios::binary);
    if (!in) return Status::io_error("cannot read " + path);
    text << in.rdbuf();
  }
  Result<Json> json = Json::parse(std::move(text).str());
  return json ? std::move(json) : json.error().prefixed(path);
}

struct QueryArgs {
  CommonOptions common;
  std::string database;
  std::string store = std::string(DEFAULT_VECTOR_STORE);
  std::string vector;
  int top_k = 10;
  std::string filter;
};

Result<VectorStoreQuery> query_of(const QueryArgs& args) {
  VectorStoreQuery query;
  query.similarity_top_k = args.top_k;
  QUIPU_ASSIGN_OR_RETURN(const Json vector, json_of_file(args.vector));
  if (!vector.view().is_array())
    return Status::invalid_argument(args.vector + ": not a JSON array of numbers");
  for (const JsonView element : vector.view().elements()) {
    const std::optional<double> number = element.number();
    if (!number) return Status::invalid_argument(args.vector + ": not a JSON array of numbers");
    query.query_embedding.push_back(*number);
  }
  if (args.filter.empty()) return query;
  const Result<Json> filter = Json::parse(args.filter);
  if (!filter) return filter.error().prefixed("--filter");
  QUIPU_ASSIGN_OR_RETURN(query.filters, MetadataFilters::from_json(*filter));
  return query;
}

int run_query(const QueryArgs& args) {
  const Result<VectorStoreQuery> query = query_of(args);
  if (!query) return report_error(query.error());
  return with_store(
      args.database, args.common, OpenMode::kReading, [&](RocksDBKVStore& store) -> Result<int> {
        // Not the owner: the store lives until the work is done.
        const KVVectorStore vectors(std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), &store),
                                    args.store);
        QUIPU_ASSIGN_OR_RETURN(const VectorStoreQueryResult result, vectors.query(*query));
        std::string text;
        for (size_t i = 0; i < result.ids.size(); ++i) {
          const std::string similarity = Json::from_double(result.similarities[i]).text();
          if (args.common.json) {
            JsonText line;
            text += line.add_key(result.ids[i]).add_raw("similarity", similarity).object() + "\n";
          } else {
            text += printable(result.ids[i]) + "\t" + similarity + "\n";
          }
        }
        QUIPU_RETURN_IF_ERROR(print(text));
        return kExitOk;
      });
}

struct HnswArgs {
  CommonOptions common;
  std::string database;
  std::string store = std::string(DEFAULT_VECTOR_STORE);
  HnswOptions options;
  bool drop = false;
};

int run_hnsw(const HnswArgs& args) {
  catch_signals();
  return with_store(
      args.database, args.common, OpenMode::kExisting, [&](RocksDBKVStore& store) -> Result<int> {
        QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> collections, store.collections());
        const std::string embeddings = "vector_store/" + args.store + "/embeddings";
        if (std::ranges::find(collections, embeddings, &CollectionInfo::name) == collections.end()) {
          return Status::not_found(args.database + ": there is no vector store " + args.store);
        }
        KVVectorStore vectors(std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), &store), args.store);
        ProgressBar bar(args.common.quiet);
        QUIPU_RETURN_IF_ERROR(args.drop ? vectors.drop_hnsw()
                                        : vectors.use_hnsw(args.options, bar.callback()));
        bar.erase();
        if (!args.common.quiet) {
          message("vector store " + args.store +
                  (args.drop ? ": queries are exact" : ": queries are approximate"));
        }
        return kExitOk;
      });
}

struct GraphArgs {
  CommonOptions common;
  std::string database;
  std::string subject;
  int depth = 2;
  int limit = 30;
};

int run_graph(const GraphArgs& args) {
  return with_store(
      args.database, args.common, OpenMode::kReading, [&](RocksDBKVStore& store) -> Result<int> {
        const KVGraphStore graph(std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), &store));
        QUIPU_ASSIGN_OR_RETURN(const GraphRelMap map,
                               graph.get_rel_map(std::span(&args.subject, 1), args.depth, args.limit));
        std::string text;
        for (const auto& [subject, triplets] : map) {
          for (const GraphTriplet& triplet : triplets) {
            if (args.common.json) {
              text += JsonText::array_of_strings({triplet.subj, triplet.rel, triplet.obj}) + "\n";
            } else {
              text += printable(triplet.subj) + "\t" + printable(triplet.rel) + "\t" +
                      printable(triplet.obj) + "\n";
            }
          }
        }
        QUIPU_RETURN_IF_ERROR(print(text));
        return kExitOk;
      });
}

}  // namespace

void add_search_commands(CLI::App& app, Action& action) {
  const auto query = std::make_shared<QueryArgs>();
  CLI::App* const query_command =
      add_command(app, action, "query", "Find the nodes of a vector store that are most similar to a vector",
                  "quipu query ./storage.quipu --vector question.json --top-k 5 "
                  "--filter '{\"filters\": [{\"key\": \"page\", \"operator\": \">=\", \"value\": 3}]}'",
                  query, run_query);
  add_place(query_command, "DB", query->database, "The database");
  query_command->add_option("--store", query->store, "The vector store's namespace; default: default")
      ->type_name("NAME");
  query_command
      ->add_option("--vector", query->vector, "A file with the vector, a JSON array; -: standard input")
      ->required()
      ->type_name("FILE");
  query_command->add_option("--top-k", query->top_k, "How many; 0: all; default: 10")->type_name("K");
  query_command
      ->add_option("--filter", query->filter, "Metadata filters, as LlamaIndex's MetadataFilters in JSON")
      ->type_name("JSON");

  const auto hnsw = std::make_shared<HnswArgs>();
  CLI::App* const hnsw_command = add_command(
      app, action, "hnsw", "Make a graph with which queries of a vector store are fast and approximate",
      "quipu hnsw ./storage.quipu --M 32 --ef 200", hnsw, run_hnsw);
  add_place(hnsw_command, "DB", hnsw->database, "The database");
  hnsw_command->add_option("--store", hnsw->store, "The vector store's namespace; default: default")
      ->type_name("NAME");
  hnsw_command->add_option("--M", hnsw->options.M, "Links of a vector; default: 16")->type_name("N");
  hnsw_command
      ->add_option("--ef-construction", hnsw->options.ef_construction,
                   "Candidates when a vector is added; default: 200")
      ->type_name("N");
  hnsw_command->add_option("--ef", hnsw->options.ef, "Candidates of a query; default: 64")->type_name("N");
  hnsw_command->add_flag("--drop", hnsw->drop, "Remove the graph: queries are exact again");

  const auto graph = std::make_shared<GraphArgs>();
  CLI::App* const graph_command =
      add_command(app, action, "graph", "Print the triplets that lead on from a subject",
                  "quipu graph ./storage.quipu Ann --depth 3", graph, run_graph);
  add_place(graph_command, "DB", graph->database, "The database");
  graph_command->add_option("SUBJECT", graph->subject, "Where to begin")->required()->type_name("");
  graph_command->add_option("--depth", graph->depth, "Steps from the subject; default: 2")->type_name("N");
  graph_command->add_option("--limit", graph->limit, "Triplets at most; default: 30")->type_name("N");
}

}  // namespace quipu::cli
