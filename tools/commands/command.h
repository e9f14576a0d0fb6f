// What a command is made of. Each has a file of its own in a folder beside this one, with a function
// add_NAME_command() that adds it to the command line; table.h lists them.
//
//   void add_stat_command(Commands& commands) {
//     const auto args = std::make_shared<StatArgs>();
//     Command command = commands.add("stat", "Show format, number of entries and size",
//                                    "quipu stat ./storage.quipu", args, run_stat);
//     command.location("DB", args->database, "The database");
//   }

#ifndef QUIPU_TOOLS_COMMANDS_COMMAND_H_
#define QUIPU_TOOLS_COMMANDS_COMMAND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/database/database.h"

namespace CLI {
class App;
}

namespace quipu::cli {

// What the chosen command does, and its exit code.
using Action = std::function<int()>;

// What a value must be.
struct OptionRules {
  bool required = false;
  bool positive = false;
  bool not_negative = false;
  std::string excludes;  // an option that cannot be there, too
};

// The options and arguments of one command. Each fills a variable, which must live until the command has run.
class Command {
 public:
  explicit Command(CLI::App* command) : command_(command) {}

  // An argument that must be there.
  void argument(const std::string& name, std::string& value, const std::string& what);
  void optional_argument(const std::string& name, std::string& value, const std::string& what);
  // A directory on the disk.
  void directory(const std::string& name, std::string& directory, const std::string& what);
  // Where a database or a persist directory is: must not be empty.
  void location(const std::string& name, std::string& location, const std::string& what);

  void flag(const std::string& name, bool& value, const std::string& what);
  // `type`: what help calls the value. Instantiated for the types that command.cc lists; an option whose
  // value is a std::vector may be repeated.
  template <class Value>
  void option(const std::string& name, Value& value, const std::string& type, const std::string& what,
              const OptionRules& rules = {});
  // The option for persist files that are not UTF-8.
  void encoding(std::string& encoding);
  // That of commands that search vectors.
  void search_memory(CommonOptions& common);

 private:
  CLI::App* command_;
};

// The command line, to which commands are added. The chosen one leaves what it does in `action`, which main()
// runs once the whole line has been understood.
class Commands {
 public:
  Commands(CLI::App& app, Action& action) : app_(app), action_(action) {}

  // A command that fills `args`, whose member `common` takes the options that all have, and does run(*args).
  // `accepts_losses`: whether it may open a database that has lost writes.
  template <class Args>
  Command add(const std::string& name, const std::string& what, const std::string& example,
              std::shared_ptr<Args> args, int (*run)(const Args&), bool accepts_losses = true) {
    return add(
        name, what, example, args->common, [args, run] { return run(*args); }, accepts_losses);
  }

 private:
  Command add(const std::string& name, const std::string& what, const std::string& example,
              CommonOptions& common, Action run, bool accepts_losses);

  CLI::App& app_;
  Action& action_;
};

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_COMMANDS_COMMAND_H_
