// quipu scan: the entries of a collection, in the order of their keys.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "quipu/json.h"
#include "quipu/kv_store.h"
#include "tools/commands/command.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

struct ScanArgs {
  CommonOptions common;
  std::string database;
  std::string collection;
  std::string prefix;
  uint64_t limit = 0;
  bool keys_only = false;
  bool reverse = false;
  bool key_hex = false;
};

// One line: JSON, or the key, a tab and the value.
std::string line_of(const ScanArgs& args, const KVIterator& it) {
  if (args.common.json) {
    JsonText entry;
    entry.add_key(it.key());
    if (!args.keys_only) entry.add_raw("value", it.val().text());
    return entry.object() + "\n";
  }
  std::string line;
  if (args.key_hex) {
    line = to_hex(it.key());
  } else {
    append_json_string(it.key(), line);
  }
  if (!args.keys_only) (line += '\t') += it.val().text();
  return line + "\n";
}

int run_scan(const ScanArgs& args) {
  ScanOptions options;
  const std::optional<std::string> prefix = args.key_hex ? from_hex(args.prefix) : args.prefix;
  if (!prefix) {
    message("no hexadecimal prefix: " + args.prefix);
    return kExitUsage;
  }
  options.prefix = *prefix;
  options.limit = args.limit;
  options.keys_only = args.keys_only;
  options.reverse = args.reverse;
  return with_store(args.database, args.common, OpenMode::kReading, [&](BaseKVStore& store) -> Result<int> {
    QUIPU_ASSIGN_OR_RETURN(const auto it, store.scan(options, args.collection));
    Output out;
    while (it->next() && out.write(line_of(args, *it))) {
    }
    QUIPU_RETURN_IF_ERROR(it->status());
    QUIPU_RETURN_IF_ERROR(out.finish());
    return kExitOk;
  });
}

}  // namespace

void add_scan_command(Commands& commands) {
  const auto args = std::make_shared<ScanArgs>();
  Command command =
      commands.add("scan", "Print the entries of a collection, by key",
                   "quipu scan ./storage.quipu docstore/data --prefix node- --limit 10", args, run_scan);
  command.location("DB", args->database, "The database");
  command.argument("COLLECTION", args->collection, "The collection's name");
  command.option("--prefix", args->prefix, "PREFIX", "Only keys that start so");
  command.option("--limit", args->limit, "N", "At most so many entries; 0: all", {.not_negative = true});
  command.flag("--keys-only", args->keys_only, "Keys without their values");
  command.flag("--reverse", args->reverse, "From the last key to the first");
  command.flag("--key-hex", args->key_hex, "Keys, and PREFIX, in hexadecimal");
}

}  // namespace quipu::cli
