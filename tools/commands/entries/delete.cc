// quipu delete: removes a key.

#include <memory>
#include <string>

#include "tools/commands/entries/entry.h"
#include "tools/terminal/exit_code.h"

namespace quipu::cli {
namespace {

int run_delete(const EntryArgs& args) {
  return with_entry(args, OpenMode::kExisting,
                    [&](BaseKVStore& store, const std::string& key) -> Result<int> {
                      QUIPU_ASSIGN_OR_RETURN(const bool found, store.delete_(key, args.collection));
                      if (!found) return no_such_key(args);
                      QUIPU_RETURN_IF_ERROR(store.sync());
                      return kExitOk;
                    });
}

}  // namespace

void add_delete_command(Commands& commands) {
  const auto args = std::make_shared<EntryArgs>();
  Command command = commands.add("delete", "Remove a key", "quipu delete ./storage.quipu settings colours",
                                 args, run_delete);
  add_entry_arguments(command, *args);
}

}  // namespace quipu::cli
