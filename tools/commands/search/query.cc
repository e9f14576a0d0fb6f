// quipu query: the nodes of a vector store that are most similar to a vector.

#include <memory>
#include <string>

#include "quipu/json.h"
#include "quipu/vector_store.h"
#include "tools/commands/command.h"
#include "tools/commands/search/search_arguments.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

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
  QUIPU_ASSIGN_OR_RETURN(query.query_embedding, vector_of_file(args.vector));
  QUIPU_ASSIGN_OR_RETURN(query.filters, filters_of(args.filter));
  return query;
}

int run_query(const QueryArgs& args) {
  const Result<VectorStoreQuery> query = query_of(args);
  if (!query) return report_error(query.error());
  return with_store(args.database, args.common, OpenMode::kReading, [&](BaseKVStore& store) -> Result<int> {
    // Not the owner: the store lives until the work is done.
    const KVVectorStore vectors(std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), &store), args.store);
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

}  // namespace

void add_query_command(Commands& commands) {
  const auto args = std::make_shared<QueryArgs>();
  Command command =
      commands.add("query", "Find the nodes of a vector store that are most similar to a vector",
                   "quipu query ./storage.quipu --vector question.json --top-k 5 "
                   "--filter '{\"filters\": [{\"key\": \"page\", \"operator\": \">=\", \"value\": 3}]}'",
                   args, run_query);
  command.location("DB", args->database, "The database");
  command.option("--store", args->store, "NAME", "The vector store's namespace; default: default");
  command.option("--vector", args->vector, "FILE", "A file with the vector, a JSON array; -: standard input",
                 {.required = true});
  command.option("--top-k", args->top_k, "K", "How many; 0: all; default: 10");
  command.option("--filter", args->filter, "JSON",
                 "Metadata filters, as LlamaIndex's MetadataFilters in JSON");
  command.search_memory(args->common);
}

}  // namespace quipu::cli
