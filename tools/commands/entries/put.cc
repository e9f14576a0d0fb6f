// quipu put: stores a value under a key.

#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>

#include "quipu/json.h"
#include "tools/commands/entries/entry.h"
#include "tools/terminal/exit_code.h"

namespace quipu::cli {
namespace {

struct PutArgs : EntryArgs {
  std::string value = "-";
};

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
Result<Json> value_of(const PutArgs& args) {
  std::string text = args.value;
  if (text == "-") {
    QUIPU_ASSIGN_OR_RETURN(text, read_standard_input());
  }
  Result<Json> value = Json::parse(text);
  if (!value) return value.error().prefixed("value");
  if (!value->view().is_object()) return Status::invalid_argument("value: not a JSON object");
  return value;
}

int run_put(const PutArgs& args) {
  const Result<Json> value = value_of(args);
  if (!value) return report_error(value.error());
  return with_entry(args, OpenMode::kCreate, [&](BaseKVStore& store, const std::string& key) -> Result<int> {
    QUIPU_RETURN_IF_ERROR(store.put(key, *value, args.collection));
    QUIPU_RETURN_IF_ERROR(store.sync());
    return kExitOk;
  });
}

}  // namespace

void add_put_command(Commands& commands) {
  const auto args = std::make_shared<PutArgs>();
  Command command =
      commands.add("put", "Store a value, a JSON object, under a key",
                   "quipu put ./storage.quipu settings colours '{\"front\": \"red\"}'", args, run_put);
  add_entry_arguments(command, *args);
  command.optional_argument("VALUE", args->value, "The value; - or nothing: from standard input");
}

}  // namespace quipu::cli
