// quipu stat: format, number of entries and size of a database.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quipu/backend/text_entries.h"
#include "quipu/open_store.h"
#include "quipu/stats.h"
#include "quipu/vector_store.h"
#include "tools/commands/command.h"
#include "tools/commands/database/stat_watch.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/stats_text.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

struct StatArgs {
  CommonOptions common;
  std::string database;
  double watch = 0;  // seconds from line to line; 0: only once
};

struct TextIndexStat {
  std::string collection;
  TextIndexState state;
  TextTotals totals;
};

Result<std::vector<TextIndexStat>> text_indexes(BaseKVStore& store,
                                                const std::vector<CollectionInfo>& infos) {
  std::vector<TextIndexStat> found;
  if (!store.capabilities().text_indexes) return found;
  for (const CollectionInfo& info : infos) {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<TextView> view, store.text_indexes().open_text(info.name));
    if (view == nullptr) continue;
    QUIPU_ASSIGN_OR_RETURN(const TextTotals totals, view->totals());
    found.push_back({info.name, view->state(), totals});
  }
  return found;
}

std::string json_of(const TextIndexStat& index) {
  return JsonText()
      .add("collection", index.collection)
      .add("analyser", index.state.analyser)
      .add("whole", index.state.whole)
      .add("documents", index.totals.documents)
      .add("tokens", index.totals.tokens)
      .object();
}

Result<int> stat(BaseKVStore& store, const StatArgs& args) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, store.collections());
  QUIPU_ASSIGN_OR_RETURN(const uint64_t bytes, store.disk_bytes());
  const uint64_t search_memory = store.search_memory_bytes();
  uint64_t indexes = 0;
  for (const SearchIndexInfo& index : search_indexes(store)) indexes += index.memory_bytes;
  uint64_t entries = 0;
  for (const CollectionInfo& info : infos) entries += info.count;
  QUIPU_ASSIGN_OR_RETURN(const uint64_t format, store.format());
  QUIPU_ASSIGN_OR_RETURN(const std::vector<TextIndexStat> texts, text_indexes(store, infos));
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> directory, directory_of_store(args.database));
  std::optional<StoreStats> writer;
  if (directory) {
    QUIPU_ASSIGN_OR_RETURN(writer, published_stats(*directory));
  }
  std::string text;
  if (args.common.json) {
    std::vector<std::string> indexes_of_texts;
    for (const TextIndexStat& index : texts) indexes_of_texts.push_back(json_of(index));
    text = JsonText()
               .add("database", shown_address(args.database))
               .add("format", format)
               .add("collections", static_cast<uint64_t>(infos.size()))
               .add("entries", entries)
               .add("disk_bytes", bytes)
               .add("search_index_bytes", indexes)
               .add("search_memory_bytes", search_memory)
               .add_raw("text_indexes", JsonText::array(indexes_of_texts))
               .add_raw("writer", writer ? stats_json(*writer) : "null")
               .object() +
           "\n";
  } else {
    text = "database     " + printable(shown_address(args.database)) + "\nformat       " +
           std::to_string(format) + "\ncollections  " + std::to_string(infos.size()) + "\nentries      " +
           std::to_string(entries) + "\non disk      " + human_bytes(bytes) + "\nsearch       " +
           human_bytes(indexes) + " in memory, at most " + human_bytes(search_memory) + " an index\n";
    for (const TextIndexStat& index : texts) {
      text += "text         " + printable(index.collection) + ": " + std::to_string(index.totals.documents) +
              " nodes by " + index.state.analyser + (index.state.whole ? "" : ", not whole yet") + "\n";
    }
    if (writer) {
      text += "writer       process " + std::to_string(writer->process) + ", " +
              std::to_string(count_calls(*writer).all()) + " calls in " +
              std::to_string(static_cast<uint64_t>(writer->seconds)) + " s (see --watch)\n";
    }
  }
  QUIPU_RETURN_IF_ERROR(print(text));
  return kExitOk;
}

int run_stat(const StatArgs& args) {
  if (args.watch != 0) {
    const Result<int> code = watch_writer(args.database, args.watch, args.common.json);
    return code ? *code : report_error(code.error());
  }
  return with_store(args.database, args.common, OpenMode::kReading,
                    [&](BaseKVStore& store) { return stat(store, args); });
}

}  // namespace

void add_stat_command(Commands& commands) {
  const auto args = std::make_shared<StatArgs>();
  Command command = commands.add("stat", "Show format, number of entries and size",
                                 "quipu stat ./storage.quipu", args, run_stat);
  command.location("DB", args->database, "The database");
  command.option("--watch", args->watch, "SECONDS",
                 "Print what its writer does, a line every so many seconds, until Ctrl-C",
                 {.positive = true});
}

}  // namespace quipu::cli
