#include "tools/commands/search/search_kind.h"

#include <memory>

#include "tools/commands/search/search_arguments.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"

namespace quipu::cli {

int change_search(const SearchKindArgs& args,
                  const std::function<Status(KVVectorStore&, const ProgressCallback&)>& change) {
  catch_signals();
  return with_store(args.database, args.common, OpenMode::kExisting, [&](BaseKVStore& store) -> Result<int> {
    QUIPU_RETURN_IF_ERROR(check_vector_store(store, args.database, args.store));
    KVVectorStore vectors(std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), &store), args.store);
    ProgressBar bar(args.common.quiet);
    QUIPU_RETURN_IF_ERROR(change(vectors, bar.callback()));
    bar.erase();
    if (!args.common.quiet) {
      message("vector store " + args.store +
              (args.drop ? ": queries are exact" : ": queries are approximate"));
    }
    return kExitOk;
  });
}

void add_search_kind_options(SearchKindArgs& args, Command& command) {
  command.location("DB", args.database, "The database");
  command.option("--store", args.store, "NAME", "The vector store's namespace; default: default");
}

}  // namespace quipu::cli
