// quipu search: the nodes of a document store that fit words best, alone or together with vectors.

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quipu/document_store.h"
#include "quipu/json.h"
#include "quipu/open_store.h"
#include "quipu/vector_store.h"
#include "tools/commands/command.h"
#include "tools/commands/search/search_arguments.h"
#include "tools/commands/search/snippet.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

using Mode = VectorStoreQueryMode;

struct SearchArgs {
  CommonOptions common;
  std::string database;
  std::string query;
  std::string store = "docstore";
  std::string mode = "text_search";
  std::string vector;
  std::string vector_store = std::string(DEFAULT_VECTOR_STORE);
  double alpha = 0.5;
  int top_k = 10;
  std::string filter;
  bool explain = false;
};

// What is looked for, and what is found.
struct Search {
  Mode mode = Mode::TEXT_SEARCH;
  std::optional<MetadataFilters> filters;
  TextSearch text;
  std::vector<double> vector;
  double alpha = 0;
  VectorStoreQueryResult found = {};
  // Of a hybrid mode: what vectors and texts found alone.
  VectorStoreQueryResult nearest = {};
  VectorStoreQueryResult texts = {};

  bool fuses() const { return mode == Mode::HYBRID || mode == Mode::SEMANTIC_HYBRID; }
};

Result<Search> search_of(const SearchArgs& args) {
  constexpr std::array kModes = {std::pair{"text_search", Mode::TEXT_SEARCH},
                                 std::pair{"sparse", Mode::SPARSE}, std::pair{"hybrid", Mode::HYBRID},
                                 std::pair{"semantic_hybrid", Mode::SEMANTIC_HYBRID}};
  const auto* const mode =
      std::ranges::find(kModes, args.mode, [](const auto& each) { return std::string_view(each.first); });
  if (mode == kModes.end()) {
    return Status::invalid_argument("--mode must be text_search, sparse, hybrid or semantic_hybrid");
  }
  if (args.top_k < 0) return Status::invalid_argument("--top-k must not be negative");
  Search search{.mode = mode->second, .alpha = args.alpha};
  QUIPU_ASSIGN_OR_RETURN(search.filters, filters_of(args.filter));
  search.text = {.query = args.query, .top_k = args.top_k, .syntax = search.mode == Mode::TEXT_SEARCH};
  if (search.fuses() == args.vector.empty()) {
    return Status::invalid_argument(search.fuses() ? "--mode " + args.mode + " needs --vector"
                                                   : "--vector needs --mode hybrid or semantic_hybrid");
  }
  if (search.fuses()) {
    QUIPU_ASSIGN_OR_RETURN(search.vector, vector_of_file(args.vector));
  }
  return search;
}

Status check_text_index(const SearchArgs& args, const KVDocumentStore& documents) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<TextIndexInfo> index, documents.text_index());
  if (index && index->whole) return Status::ok();
  return Status::invalid_argument(shown_address(args.database) + ": the document store " + args.store +
                                  " has no text index, or not all of it; run: quipu index-text " +
                                  shown_address(args.database) +
                                  (args.store == "docstore" ? "" : " --store " + args.store));
}

Status run_hybrid(const SearchArgs& args, const std::shared_ptr<BaseKVStore>& store, Search& search) {
  QUIPU_RETURN_IF_ERROR(check_vector_store(*store, args.database, args.vector_store));
  KVVectorStore vectors(store, args.vector_store);
  vectors.use_document_store(args.store);
  VectorStoreQuery query{.query_embedding = search.vector,
                         .similarity_top_k = args.top_k,
                         .mode = search.mode,
                         .filters = search.filters,
                         .query_str = args.query,
                         .alpha = search.alpha};
  QUIPU_ASSIGN_OR_RETURN(search.found, vectors.query(query));
  if (!args.explain) return Status::ok();
  query.mode = Mode::DEFAULT;
  QUIPU_ASSIGN_OR_RETURN(search.nearest, vectors.query(query));
  query.mode = Mode::SPARSE;
  QUIPU_ASSIGN_OR_RETURN(search.texts, vectors.query(query));
  return Status::ok();
}

Status run_text(const KVDocumentStore& documents, Search& search) {
  search.text.filters = search.filters ? &*search.filters : nullptr;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<TextMatch> matches, documents.search_text(search.text));
  for (const TextMatch& match : matches) {
    search.found.ids.push_back(match.id);
    search.found.similarities.push_back(match.score);
  }
  return Status::ok();
}

// What one side of a hybrid search has of a node; nothing: it did not find it.
struct Side {
  size_t rank = 0;  // from 1 on
  double score = 0;
};
std::optional<Side> side_of(const VectorStoreQueryResult& found, const std::string& id) {
  const auto place = std::ranges::find(found.ids, id);
  if (place == found.ids.end()) return std::nullopt;
  const auto i = static_cast<size_t>(std::distance(found.ids.begin(), place));
  return Side{i + 1, found.similarities[i]};
}

std::string number_text(double number) { return Json::from_double(number).text(); }

std::string explained_for_people(const Search& search, const std::string& id, const TextExplanation& text) {
  std::string lines;
  const auto side = [&](const char* name, const VectorStoreQueryResult& found) {
    const std::optional<Side> of = side_of(found, id);
    lines += std::string("\t") + name + "\t" +
             (of ? number_text(of->score) + "\trank " + std::to_string(of->rank) : "-") + "\n";
  };
  if (search.fuses()) {
    side("vector", search.nearest);
    side("text", search.texts);
  }
  for (const TextExplanation::Part& part : text.parts)
    lines += "\t" + printable(part.what) + "\t" + number_text(part.score) + "\n";
  return lines;
}

void add_explanation(const Search& search, const std::string& id, const TextExplanation& text,
                     JsonText& line) {
  const auto side = [&](const char* name, const VectorStoreQueryResult& found) {
    const std::optional<Side> of = side_of(found, id);
    JsonText member;
    if (of) member.add_raw("score", number_text(of->score)).add("rank", static_cast<uint64_t>(of->rank));
    line.add_raw(name, of ? member.object() : "null");
  };
  if (search.fuses()) {
    side("vector", search.nearest);
    side("text_search", search.texts);
  }
  std::vector<std::string> parts;
  for (const TextExplanation::Part& part : text.parts) {
    JsonText member;
    parts.push_back(member.add("what", part.what).add_raw("score", number_text(part.score)).object());
  }
  line.add_raw("parts", JsonText::array(parts));
}

Status print_found(const SearchArgs& args, const Search& search, const KVDocumentStore& documents) {
  const bool highlight = shows_colours();
  std::string text;
  for (size_t i = 0; i < search.found.ids.size(); ++i) {
    const std::string& id = search.found.ids[i];
    const std::string score = number_text(search.found.similarities[i]);
    QUIPU_ASSIGN_OR_RETURN(const NodePtr node, documents.get_document(id, false));
    const std::string content = node == nullptr ? std::string() : node->get_content().value_or("");
    TextExplanation why;
    if (args.explain || !args.common.json) {
      Result<TextExplanation> explained = documents.explain_text(search.text, id);
      // Vectors may have found a node that is in no document store.
      if (!explained && explained.error().code() != StatusCode::kNotFound) return explained.error();
      if (explained) why = *std::move(explained);
    }
    if (args.common.json) {
      JsonText line;
      line.add_key(id).add_raw("score", score).add("text", content);
      if (args.explain) add_explanation(search, id, why, line);
      text += line.object() + "\n";
    } else {
      text += printable(id) + "\t" + score + "\t" + snippet(why, content, highlight) + "\n";
      if (args.explain) text += explained_for_people(search, id, why);
    }
  }
  return print(text);
}

int run_search(const SearchArgs& args) {
  Result<Search> search = search_of(args);
  if (!search) return report_error(search.error());
  return with_store(args.database, args.common, OpenMode::kReading, [&](BaseKVStore& store) -> Result<int> {
    // Not the owner: the store lives until the work is done.
    const auto unowned = std::shared_ptr<BaseKVStore>(std::shared_ptr<void>(), &store);
    const KVDocumentStore documents(unowned, {.ns = args.store});
    QUIPU_RETURN_IF_ERROR(check_text_index(args, documents));
    QUIPU_RETURN_IF_ERROR(search->fuses() ? run_hybrid(args, unowned, *search)
                                          : run_text(documents, *search));
    QUIPU_RETURN_IF_ERROR(print_found(args, *search, documents));
    return kExitOk;
  });
}

}  // namespace

void add_search_command(Commands& commands) {
  const auto args = std::make_shared<SearchArgs>();
  Command command = commands.add(
      "search", "Find the nodes of a document store that fit words best",
      "quipu search ./storage.quipu '\"black cat\" whisk* -dog' --top-k 5 --explain", args, run_search);
  command.location("DB", args->database, "The database");
  command.argument("QUERY", args->query,
                   "Words, \"phrases\", beginnings*, +required, -excluded, AND, OR, NOT, ( )");
  command.option("--store", args->store, "NAME", "The document store's namespace; default: docstore");
  command.option(
      "--mode", args->mode, "MODE",
      "text_search; sparse: any word, whatever characters are in the query; hybrid and semantic_hybrid: "
      "sparse together with --vector, by scores or by ranks; default: text_search");
  command.option("--vector", args->vector, "FILE",
                 "For a hybrid mode: a file with the query's vector, a JSON array; -: standard input");
  command.option("--vector-store", args->vector_store, "NAME",
                 "For a hybrid mode: the vector store's namespace; default: default");
  command.option("--alpha", args->alpha, "SHARE",
                 "For hybrid: from 0, text alone, to 1, vectors alone; default: 0.5");
  command.option("--top-k", args->top_k, "K", "How many; default: 10");
  command.option("--filter", args->filter, "JSON",
                 "Metadata filters, as LlamaIndex's MetadataFilters in JSON");
  command.flag("--explain", args->explain,
               "Also what each word adds to the score, and what vectors and text found");
  command.search_memory(args->common);
}

}  // namespace quipu::cli
