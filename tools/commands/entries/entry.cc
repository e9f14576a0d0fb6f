#include "tools/commands/entries/entry.h"

#include <optional>

#include "tools/terminal/exit_code.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

// The key as bytes.
Result<std::string> key_of(const EntryArgs& args) {
  if (!args.key_hex) return args.key;
  std::optional<std::string> bytes = from_hex(args.key);
  if (!bytes) return Status::invalid_argument("no hexadecimal key: " + args.key);
  return *std::move(bytes);
}

}  // namespace

int with_entry(const EntryArgs& args, OpenMode mode,
               const std::function<Result<int>(BaseKVStore& store, const std::string& key)>& work) {
  const Result<std::string> key = key_of(args);
  if (!key) {
    report_error(key.error());
    return kExitUsage;
  }
  return with_store(args.database, args.common, mode, [&](BaseKVStore& store) { return work(store, *key); });
}

Status no_such_key(const EntryArgs& args) {
  return Status::not_found("no key " + printable(args.key) + " in collection " + printable(args.collection));
}

void add_entry_arguments(Command& command, EntryArgs& args) {
  command.location("DB", args.database, "The database");
  command.argument("COLLECTION", args.collection, "The collection's name");
  command.argument("KEY", args.key, "The key, in UTF-8");
  command.flag("--key-hex", args.key_hex, "KEY is given in hexadecimal");
}

}  // namespace quipu::cli
