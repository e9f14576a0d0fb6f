// What get, put and delete share: the arguments that name one entry.

#ifndef QUIPU_TOOLS_COMMANDS_ENTRIES_ENTRY_H_
#define QUIPU_TOOLS_COMMANDS_ENTRIES_ENTRY_H_

#include <functional>
#include <memory>
#include <string>

#include "tools/commands/command.h"

namespace quipu::cli {

struct EntryArgs {
  CommonOptions common;
  std::string database;
  std::string collection;
  std::string key;
  bool key_hex = false;
};

// Opens the database for work on the key, given as bytes; as with_store(). Exit code 2 for a key that is no
// hexadecimal number where it should be.
int with_entry(const EntryArgs& args, OpenMode mode,
               const std::function<Result<int>(BaseKVStore& store, const std::string& key)>& work);

Status no_such_key(const EntryArgs& args);

// Adds the arguments that `args` takes.
void add_entry_arguments(Command& command, EntryArgs& args);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_COMMANDS_ENTRIES_ENTRY_H_
