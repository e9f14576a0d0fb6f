#include "tools/commands/command.h"

#include <CLI/CLI.hpp>
#include <type_traits>
#include <utility>

#include "tools/database/location.h"

namespace quipu::cli {
namespace {

std::string check_not_empty(const std::string& text) { return text.empty() ? "must not be empty" : ""; }

std::string check_directory(const std::string& text) {
  const Status on_disk = check_on_disk(text);
  return on_disk.is_ok() ? "" : on_disk.message();
}

std::string check_not_negative(const std::string& text) {
  return text.starts_with('-') ? "must not be negative: " + text : std::string();
}

}  // namespace

void Command::argument(const std::string& name, std::string& value, const std::string& what) {
  command_->add_option(name, value, what)->required()->type_name("");
}

void Command::optional_argument(const std::string& name, std::string& value, const std::string& what) {
  command_->add_option(name, value, what)->type_name("");
}

void Command::directory(const std::string& name, std::string& directory, const std::string& what) {
  command_->add_option(name, directory, what)->required()->type_name("")->check(check_directory);
}

void Command::location(const std::string& name, std::string& location, const std::string& what) {
  command_->add_option(name, location, what)->required()->type_name("")->check(check_not_empty);
}

void Command::flag(const std::string& name, bool& value, const std::string& what) {
  command_->add_flag(name, value, what);
}

template <class Value>
void Command::option(const std::string& name, Value& value, const std::string& type, const std::string& what,
                     const OptionRules& rules) {
  CLI::Option* option = command_->add_option(name, value, what)->type_name(type)->required(rules.required);
  if constexpr (std::is_same_v<Value, std::vector<std::string>>) option->allow_extra_args(false);
  if (rules.positive) option->check(CLI::PositiveNumber);
  if (rules.not_negative) option->check(check_not_negative);
  if (!rules.excludes.empty()) option->excludes(rules.excludes);
}
template void Command::option(const std::string&, std::string&, const std::string&, const std::string&,
                              const OptionRules&);
template void Command::option(const std::string&, std::vector<std::string>&, const std::string&,
                              const std::string&, const OptionRules&);
template void Command::option(const std::string&, int&, const std::string&, const std::string&,
                              const OptionRules&);
template void Command::option(const std::string&, double&, const std::string&, const std::string&,
                              const OptionRules&);
template void Command::option(const std::string&, uint64_t&, const std::string&, const std::string&,
                              const OptionRules&);
template void Command::option(const std::string&, std::optional<uint32_t>&, const std::string&,
                              const std::string&, const OptionRules&);

void Command::encoding(std::string& encoding) {
  option("--encoding", encoding, "NAME",
         "What files that are not UTF-8 are in, such as those of Windows: gbk, cp932, cp1252, ...");
}

void Command::search_memory(CommonOptions& common) {
  option("--search-memory", common.search_memory_bytes, "BYTES",
         "What the search index may take; a store that needs more is read from disk; default: 1073741824",
         {.not_negative = true});
}

Command Commands::add(const std::string& name, const std::string& what, const std::string& example,
                      CommonOptions& common, Action run, bool accepts_losses) {
  CLI::App* app = app_.add_subcommand(name, what)->group("Commands");
  app->footer("Example:\n  " + example);
  app->callback([&action = action_, run = std::move(run)] { action = run; });
  Command command(app);
  command.flag("--json", common.json, "Print JSON instead of text");
  command.flag("-q,--quiet", common.quiet, "No progress and no messages but errors");
  if (accepts_losses) {
    command.flag("--accept-lost-writes", common.accept_lost_writes,
                 "Open although writes that were acknowledged are missing");
  }
  return command;
}

}  // namespace quipu::cli
