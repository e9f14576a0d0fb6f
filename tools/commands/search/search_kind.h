// How a vector store is searched, and changes of that: what `ann` and `hnsw` have in common.

#ifndef QUIPU_TOOLS_COMMANDS_SEARCH_SEARCH_KIND_H_
#define QUIPU_TOOLS_COMMANDS_SEARCH_SEARCH_KIND_H_

#include <functional>
#include <string>

#include "quipu/vector_store.h"
#include "tools/commands/command.h"

namespace quipu::cli {

struct SearchKindArgs {
  CommonOptions common;
  std::string database;
  std::string store = std::string(DEFAULT_VECTOR_STORE);
  bool drop = false;  // queries are exact afterwards
};

// Brings a store to be searched in another way by `change`, and says so. The exit code.
int change_search(const SearchKindArgs& args,
                  const std::function<Status(KVVectorStore&, const ProgressCallback&)>& change);

// Which database and store.
void add_search_kind_options(SearchKindArgs& args, Command& command);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_COMMANDS_SEARCH_SEARCH_KIND_H_
