// quipu stat, collections, compact: what a database holds, and how much room it takes.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/persist_dir.h"
#include "tools/commands/command.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

struct InspectArgs {
  CommonOptions common;
  std::string database;
};

Result<int> stat(RocksDBKVStore& store, const InspectArgs& args) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, store.collections());
  QUIPU_ASSIGN_OR_RETURN(const uint64_t bytes, store.disk_bytes());
  uint64_t entries = 0;
  for (const CollectionInfo& info : infos) entries += info.count;
  QUIPU_ASSIGN_OR_RETURN(const uint64_t format, store.format());
  std::string text;
  if (args.common.json) {
    text = JsonText()
               .add("database", args.database)
               .add("format", format)
               .add("collections", static_cast<uint64_t>(infos.size()))
               .add("entries", entries)
               .add("disk_bytes", bytes)
               .object() +
           "\n";
  } else {
    text = "database     " + printable(args.database) + "\nformat       " + std::to_string(format) +
           "\ncollections  " + std::to_string(infos.size()) + "\nentries      " + std::to_string(entries) +
           "\non disk      " + human_bytes(bytes) + "\n";
  }
  QUIPU_RETURN_IF_ERROR(print(text));
  return kExitOk;
}

Result<int> collections(RocksDBKVStore& store, const InspectArgs& args) {
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

Result<int> compact(RocksDBKVStore& store, const InspectArgs& args) {
  QUIPU_ASSIGN_OR_RETURN(const uint64_t before, store.disk_bytes());
  ProgressBar bar(args.common.quiet);
  QUIPU_RETURN_IF_ERROR(store.compact(bar.callback()));
  bar.erase();
  QUIPU_ASSIGN_OR_RETURN(const uint64_t after, store.disk_bytes());
  if (args.common.json) {
    QUIPU_RETURN_IF_ERROR(
        print(JsonText().add("disk_bytes_before", before).add("disk_bytes_after", after).object() + "\n"));
  } else if (!args.common.quiet) {
    message("on disk: " + human_bytes(before) + " before, " + human_bytes(after) + " now");
  }
  return kExitOk;
}

int run_compact(const InspectArgs& args) {
  catch_signals();
  return with_store(args.database, args.common, OpenMode::kExisting,
                    [&](RocksDBKVStore& store) { return compact(store, args); });
}

// A command that takes nothing but a database.
template <Result<int> (*work)(RocksDBKVStore&, const InspectArgs&)>
int run(const InspectArgs& args) {
  return with_store(args.database, args.common, OpenMode::kReading,
                    [&](RocksDBKVStore& store) { return work(store, args); });
}

void add(CLI::App& app, Action& action, const std::string& name, const std::string& what,
         int (*run)(const InspectArgs&)) {
  const auto args = std::make_shared<InspectArgs>();
  CLI::App* command = add_command(app, action, name, what, "quipu " + name + " ./storage.quipu", args, run);
  add_place(command, "DB", args->database, "The database");
}

}  // namespace

void add_inspect_commands(CLI::App& app, Action& action) {
  add(app, action, "stat", "Show format, number of entries and size", run<stat>);
  add(app, action, "collections", "List the collections", run<collections>);
  add(app, action, "compact", "Rewrite the data compactly; may take minutes", run_compact);
}

}  // namespace quipu::cli
