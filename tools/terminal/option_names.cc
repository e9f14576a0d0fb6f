#include "tools/terminal/option_names.h"

#include <cstddef>

namespace quipu::cli {
namespace {

// As the library's messages have them: "(option effect)", or the option alone behind what it limits.
struct OptionName {
  std::string_view library;
  std::string_view command;
};

constexpr OptionName kOptionNames[] = {
    {"(merge ", "(--merge "},
    {"(force ", "(--force "},
    {"(replace ", "(--replace "},
    {"(encoding ", "(--encoding "},
    {"(files)", "(--file of import)"},
    {"(accept_lost_writes ", "(--accept-lost-writes "},
    {" (max_nesting)", ""},
    {" (max_key_bytes)", ""},
    {" (max_value_bytes)", ""},
    {" (max_batch_bytes)", ""},
    {" (max_batch_bytes, at most 1 GiB here)", ""},
    {" (max_directory_bytes); delete and compact, or raise it", "; delete and compact"},
    {"HNSW: M must", "HNSW: --M must"},
    {"HNSW: ef must", "HNSW: --ef must"},
    {"HNSW: ef_construction must", "HNSW: --ef-construction must"},
    {"search_memory_bytes, ", "--search-memory, "},
};

}  // namespace

std::string with_command_options(std::string_view message) {
  std::string text(message);
  for (const OptionName& option : kOptionNames) {
    const size_t at = text.find(option.library);
    if (at != std::string::npos) text.replace(at, option.library.size(), option.command);
  }
  return text;
}

}  // namespace quipu::cli
