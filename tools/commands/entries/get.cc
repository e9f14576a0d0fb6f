// quipu get, put, delete: one entry.

#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "quipu/json.h"
#include "tools/commands/command.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

struct EntryArgs {
  CommonOptions common;
  std::string database;
  std::string collection;
  std::string key;
  bool key_hex = false;
  std::string value = "-";
};

// The key as bytes.
Result<std::string> key_of(const EntryArgs& args) {
  if (!args.key_hex) return args.key;
  std::optional<std::string> bytes = from_hex(args.key);
  if (!bytes) return Status::invalid_argument("no hexadecimal key: " + args.key);
  return *std::move(bytes);
}

// Opens the database for work on the key.
template <class Work>
int with_entry(const EntryArgs& args, OpenMode mode, Work work) {
  const Result<std::string> key = key_of(args);
  if (!key) {
    report_error(key.error());
    return kExitUsage;
  }
  return with_store(args.database, args.common, mode,
                    [&](RocksDBKVStore& store) { return work(store, *key); });
}

Status no_such_key(const EntryArgs& args) {
  return Status::not_found("no key " + printable(args.key) + " in collection " + printable(args.collection));
}

int run_get(const EntryArgs& args) {
  return with_entry(
      args, OpenMode::kReading, [&](RocksDBKVStore& store, const std::string& key) -> Result<int> {
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

Result<std::string> read_standard_input() {
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count == 0) return text;
    if (count > 0) {
      text.append(buffer.data(), static_cast<size_t>(count));
    } else if (errno != EINTR) {
      return Status::io_error("cannot read standard input: " + std::generic_category().message(errno));
    }
  }
}

// The value, checked before the database is touched.
Result<Json> value_of(const EntryArgs& args) {
  std::string text = args.value;
  if (text == "-") {
    QUIPU_ASSIGN_OR_RETURN(text, read_standard_input());
  }
  Result<Json> value = Json::parse(text);
  if (!value) return value.error().prefixed("value");
  if (!value->view().is_object()) return Status::invalid_argument("value: not a JSON object");
  return value;
}

int run_put(const EntryArgs& args) {
  const Result<Json> value = value_of(args);
  if (!value) return report_error(value.error());
  return with_entry(args, OpenMode::kCreate,
                    [&](RocksDBKVStore& store, const std::string& key) -> Result<int> {
                      QUIPU_RETURN_IF_ERROR(store.put(key, *value, args.collection));
                      QUIPU_RETURN_IF_ERROR(store.sync());
                      return kExitOk;
                    });
}

int run_delete(const EntryArgs& args) {
  return with_entry(args, OpenMode::kExisting,
                    [&](RocksDBKVStore& store, const std::string& key) -> Result<int> {
                      QUIPU_ASSIGN_OR_RETURN(const bool found, store.delete_(key, args.collection));
                      if (!found) return no_such_key(args);
                      QUIPU_RETURN_IF_ERROR(store.sync());
                      return kExitOk;
                    });
}

CLI::App* add(CLI::App& app, Action& action, const std::string& name, const std::string& what,
              const std::string& example, const std::shared_ptr<EntryArgs>& args,
              int (*run)(const EntryArgs&)) {
  CLI::App* command = add_command(app, action, name, what, example, args, run);
  add_place(command, "DB", args->database, "The database");
  command->add_option("COLLECTION", args->collection, "The collection's name")->required()->type_name("");
  command->add_option("KEY", args->key, "The key, in UTF-8")->required()->type_name("");
  command->add_flag("--key-hex", args->key_hex, "KEY is given in hexadecimal");
  return command;
}

}  // namespace

void add_entry_commands(CLI::App& app, Action& action) {
  add(app, action, "get", "Print the value of a key", "quipu get ./storage.quipu docstore/data node-1",
      std::make_shared<EntryArgs>(), run_get);
  const auto put = std::make_shared<EntryArgs>();
  add(app, action, "put", "Store a value, a JSON object, under a key",
      "quipu put ./storage.quipu settings colours '{\"front\": \"red\"}'", put, run_put)
      ->add_option("VALUE", put->value, "The value; - or nothing: from standard input")
      ->type_name("");
  add(app, action, "delete", "Remove a key", "quipu delete ./storage.quipu settings colours",
      std::make_shared<EntryArgs>(), run_delete);
}

}  // namespace quipu::cli
