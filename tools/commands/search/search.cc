// quipu search: the nodes of a document store that fit words best.

#include <memory>
#include <string>
#include <vector>

#include "quipu/document_store.h"
#include "quipu/json.h"
#include "tools/commands/command.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

constexpr size_t kShownBytes = 100;  // of a node's text, about

struct SearchArgs {
  CommonOptions common;
  std::string database;
  std::string query;
  std::string store = "docstore";
  int top_k = 10;
  bool words = false;
};

// The beginning of a text on one line.
std::string beginning_of(const std::string& text) {
  std::string shown = text.substr(0, kShownBytes);
  // No part of a character.
  while (shown.size() < text.size() && !shown.empty() && (text[shown.size()] & '\xC0') == '\x80')
    shown.pop_back();
  for (char& c : shown) {
    if (c == '\n' || c == '\t' || c == '\r') c = ' ';
  }
  return printable(shown) + (shown.size() < text.size() ? " ..." : "");
}

int run_search(const SearchArgs& args) {
  if (args.top_k < 0) return report_error(Status::invalid_argument("--top-k must not be negative"));
  return with_store(args.database, args.common, OpenMode::kReading, [&](BaseKVStore& store) -> Result<int> {
    // Not the owner: the store lives until the work is done.
    const KVDocumentStore documents(std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), &store),
                                    {.ns = args.store});
    QUIPU_ASSIGN_OR_RETURN(const std::optional<TextIndexInfo> index, documents.text_index());
    if (!index || !index->whole) {
      return Status::invalid_argument(args.database + ": the document store " + args.store +
                                      " has no text index, or not all of it; run: quipu index-text " +
                                      args.database);
    }
    QUIPU_ASSIGN_OR_RETURN(
        const std::vector<TextMatch> matches,
        documents.search_text({.query = args.query, .top_k = args.top_k, .syntax = !args.words}));
    std::string text;
    for (const TextMatch& match : matches) {
      QUIPU_ASSIGN_OR_RETURN(const NodePtr node, documents.get_document(match.id, false));
      const std::string content = node == nullptr ? std::string() : node->get_content().value_or("");
      const std::string score = Json::from_double(match.score).text();
      if (args.common.json) {
        JsonText line;
        text += line.add_key(match.id).add_raw("score", score).add("text", content).object() + "\n";
      } else {
        text += printable(match.id) + "\t" + score + "\t" + beginning_of(content) + "\n";
      }
    }
    QUIPU_RETURN_IF_ERROR(print(text));
    return kExitOk;
  });
}

}  // namespace

void add_search_command(Commands& commands) {
  const auto args = std::make_shared<SearchArgs>();
  Command command =
      commands.add("search", "Find the nodes of a document store that fit words best",
                   "quipu search ./storage.quipu '\"black cat\" whisk* -dog' --top-k 5", args, run_search);
  command.location("DB", args->database, "The database");
  command.argument("QUERY", args->query,
                   "Words, \"phrases\", beginnings*, +required, -excluded, AND, OR, NOT, ( )");
  command.option("--store", args->store, "NAME", "The document store's namespace; default: docstore");
  command.option("--top-k", args->top_k, "K", "How many; default: 10");
  command.flag("--words", args->words,
               "The query is words of which any is enough, whatever characters are in it");
}

}  // namespace quipu::cli
