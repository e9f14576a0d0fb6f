// quipu index-text: makes the text index of a document store.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "quipu/document_store.h"
#include "quipu/open_store.h"
#include "tools/commands/command.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"

namespace quipu::cli {
namespace {

struct IndexTextArgs {
  CommonOptions common;
  std::string database;
  std::string store = "docstore";
  std::string analyser = std::string(DEFAULT_TEXT_ANALYSER);
  bool drop = false;
};

int run_index_text(const IndexTextArgs& args) {
  catch_signals();
  return with_store(args.database, args.common, OpenMode::kExisting, [&](BaseKVStore& store) -> Result<int> {
    KVDocumentStore documents(std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), &store),
                              {.ns = args.store});
    QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> collections, store.collections());
    if (std::ranges::find(collections, documents.node_collection(), &CollectionInfo::name) ==
        collections.end()) {
      return Status::not_found(shown_address(args.database) + ": there is no document store " + args.store);
    }
    if (args.drop) {
      QUIPU_ASSIGN_OR_RETURN(const bool dropped, documents.drop_text_index());
      if (!args.common.quiet) {
        message("document store " + args.store +
                (dropped ? ": the text index is removed" : ": there was no text index"));
      }
      return kExitOk;
    }
    ProgressBar bar(args.common.quiet);
    QUIPU_RETURN_IF_ERROR(documents.index_text(args.analyser, bar.callback()));
    bar.erase();
    QUIPU_ASSIGN_OR_RETURN(const std::optional<TextIndexInfo> index, documents.text_index());
    if (!args.common.quiet && index) {
      message("document store " + args.store + ": " + std::to_string(index->documents) + " nodes, " +
              std::to_string(index->tokens) + " words by " + index->analyser);
    }
    return kExitOk;
  });
}

}  // namespace

void add_index_text_command(Commands& commands) {
  const auto args = std::make_shared<IndexTextArgs>();
  Command command = commands.add("index-text", "Make the full-text index of a document store",
                                 "quipu index-text ./storage.quipu --analyser german", args, run_index_text);
  command.location("DB", args->database, "The database");
  command.option("--store", args->store, "NAME", "The document store's namespace; default: docstore");
  command.option("--analyser", args->analyser, "NAME",
                 "A language, words, icu or whitespace; default: english");
  command.flag("--drop", args->drop, "Remove the index");
}

}  // namespace quipu::cli
