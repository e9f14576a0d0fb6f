// quipu stat: format, number of entries and size of a database.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "quipu/open_store.h"
#include "quipu/vector_store.h"
#include "tools/commands/command.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

struct StatArgs {
  CommonOptions common;
  std::string database;
};

Result<int> stat(BaseKVStore& store, const StatArgs& args) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, store.collections());
  QUIPU_ASSIGN_OR_RETURN(const uint64_t bytes, store.disk_bytes());
  const uint64_t search_memory = store.search_memory_bytes();
  uint64_t indexes = 0;
  for (const SearchIndexInfo& index : search_indexes(store)) indexes += index.memory_bytes;
  uint64_t entries = 0;
  for (const CollectionInfo& info : infos) entries += info.count;
  QUIPU_ASSIGN_OR_RETURN(const uint64_t format, store.format());
  std::string text;
  if (args.common.json) {
    text = JsonText()
               .add("database", shown_address(args.database))
               .add("format", format)
               .add("collections", static_cast<uint64_t>(infos.size()))
               .add("entries", entries)
               .add("disk_bytes", bytes)
               .add("search_index_bytes", indexes)
               .add("search_memory_bytes", search_memory)
               .object() +
           "\n";
  } else {
    text = "database     " + printable(shown_address(args.database)) + "\nformat       " +
           std::to_string(format) + "\ncollections  " + std::to_string(infos.size()) + "\nentries      " +
           std::to_string(entries) + "\non disk      " + human_bytes(bytes) + "\nsearch       " +
           human_bytes(indexes) + " in memory, at most " + human_bytes(search_memory) + " an index\n";
  }
  QUIPU_RETURN_IF_ERROR(print(text));
  return kExitOk;
}

int run_stat(const StatArgs& args) {
  return with_store(args.database, args.common, OpenMode::kReading,
                    [&](BaseKVStore& store) { return stat(store, args); });
}

}  // namespace

void add_stat_command(Commands& commands) {
  const auto args = std::make_shared<StatArgs>();
  Command command = commands.add("stat", "Show format, number of entries and size",
                                 "quipu stat ./storage.quipu", args, run_stat);
  command.location("DB", args->database, "The database");
}

}  // namespace quipu::cli
