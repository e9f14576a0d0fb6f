// quipu collections: what collections a database has.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/persist_dir.h"
#include "tools/commands/command.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

struct CollectionsArgs {
  CommonOptions common;
  std::string database;
};

Result<int> collections(BaseKVStore& store, const CollectionsArgs& args) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, store.collections());
  if (args.common.json) {
    std::vector<std::string> rows;
    rows.reserve(infos.size());
    for (const CollectionInfo& info : infos) {
      rows.push_back(JsonText()
                         .add("collection", info.name)
                         .add("entries", info.count)
                         .add("file", info.persist_file)
                         .add("indexed_field", info.indexed_field)
                         .object());
    }
    QUIPU_RETURN_IF_ERROR(print(JsonText::array(rows) + "\n"));
    return kExitOk;
  }
  Table table({"COLLECTION", "ENTRIES", "FILE"}, {1});
  for (const CollectionInfo& info : infos) {
    const std::string_view file = info.persist_file.empty() ? KVSTORE_PERSIST_FNAME : info.persist_file;
    table.add({printable(info.name), std::to_string(info.count), printable(file)});
  }
  QUIPU_RETURN_IF_ERROR(print(table.text()));
  return kExitOk;
}

int run_collections(const CollectionsArgs& args) {
  return with_store(args.database, args.common, OpenMode::kReading,
                    [&](BaseKVStore& store) { return collections(store, args); });
}

}  // namespace

void add_collections_command(Commands& commands) {
  const auto args = std::make_shared<CollectionsArgs>();
  Command command = commands.add("collections", "List the collections", "quipu collections ./storage.quipu",
                                 args, run_collections);
  command.location("DB", args->database, "The database");
}

}  // namespace quipu::cli
