// quipu ui: a page to look into a database with.

#include <memory>
#include <optional>
#include <string>

#include "tools/commands/command.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/output.h"
#include "tools/ui/page.h"

namespace quipu::cli {
namespace {

constexpr uint32_t kMaxPort = 65'535;

struct UiArgs {
  CommonOptions common;
  std::string database;
  std::optional<uint32_t> port;
  bool write = false;
  std::string backups;
};

int run_ui(const UiArgs& args) {
  if (args.port.value_or(0) > kMaxPort)
    return report_error(Status::invalid_argument("--port must be at most 65535"));
  if (const Status found = check_database(args.database); !found.is_ok()) return report_error(found);
  catch_signals();
  const auto store =
      ui::LiveStore::open(args.database, {.write = args.write, .rocksdb = database_options(args.common)});
  if (!store) return report_error(store.error());
  const auto ready = [&](const std::string& url) {
    Status printed = print(args.common.json ? JsonText().add("url", url).object() + "\n" : url + "\n");
    if (!args.common.quiet) {
      message(args.write ? "the page can change the database; Ctrl-C ends it"
                         : "the page only reads; Ctrl-C ends it");
    }
    return printed;
  };
  const Status served =
      ui::serve_page(**store, {.port = static_cast<uint16_t>(args.port.value_or(0)), .backups = args.backups},
                     ready, [] { return caught_signal() != 0; });
  const Status closed = (*store)->close();
  if (!served.is_ok()) return report_error(served);
  return closed.is_ok() ? kExitOk : report_error(closed);
}

}  // namespace

void add_ui_command(Commands& commands) {
  const auto args = std::make_shared<UiArgs>();
  Command command = commands.add("ui", "Open a page to look into a database with a browser",
                                 "quipu ui ./storage.quipu", args, run_ui);
  command.location("DB", args->database, "The database");
  command.option("--port", args->port, "N", "The port on 127.0.0.1; default: one that is free");
  command.flag("--write", args->write,
               "Take the lock: edit metadata, delete documents, compact, repair, make indexes");
  command.option("--backups", args->backups, "DIR", "Where the page may make backups");
  command.search_memory(args->common);
}

}  // namespace quipu::cli
