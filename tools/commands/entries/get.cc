// quipu get: the value of a key.

#include <memory>
#include <optional>
#include <string>

#include "quipu/json.h"
#include "tools/commands/entries/entry.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"

namespace quipu::cli {
namespace {

int run_get(const EntryArgs& args) {
  return with_entry(args, OpenMode::kReading, [&](BaseKVStore& store, const std::string& key) -> Result<int> {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> value, store.get(key, args.collection));
    if (!value) return no_such_key(args);
    std::string text = value->text();
    if (args.common.json) {
      JsonText entry;
      entry.add("collection", args.collection).add_key(key).add_raw("value", text);
      text = entry.object();
    }
    QUIPU_RETURN_IF_ERROR(print(text + "\n"));
    return kExitOk;
  });
}

}  // namespace

void add_get_command(Commands& commands) {
  const auto args = std::make_shared<EntryArgs>();
  Command command = commands.add("get", "Print the value of a key",
                                 "quipu get ./storage.quipu docstore/data node-1", args, run_get);
  add_entry_arguments(command, *args);
}

}  // namespace quipu::cli
